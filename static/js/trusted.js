// Trusted Types, where a browser has them: the page's policy lets no other string become HTML or the address of a script, and none become code.
// HTML is what our own server drew (HTMX asks nobody else, and evaluates no script in it); what people paste goes through DOMPurify, which has a policy of its own.
const SCRIPTS = /^\/(static\/|worker\.js$)/;

window.trustedTypes?.createPolicy("default", {
  createHTML: (html) => html,
  createScriptURL: (url) => {
    const { origin, pathname } = new URL(url, location.href);
    return origin === location.origin && SCRIPTS.test(pathname) ? url : null;
  },
});
