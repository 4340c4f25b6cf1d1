// What people paste or quote, made safe for the editor. Styles travel as an attribute of another name, since the page's policy refuses inline ones, and are set again
// one by one through the CSSOM: what a text may look like, nothing that could lie over the page or load something.
const CLEAN = {
  ALLOW_DATA_ATTR: false, ALLOW_UNKNOWN_PROTOCOLS: false, ADD_ATTR: ["kept-style"], ADD_URI_SAFE_ATTR: ["kept-style"], FORBID_ATTR: ["id", "name", "style"], RETURN_DOM_FRAGMENT: true,
  FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "svg", "math", "iframe"],
};
const KEPT_STYLES = /^(color|background-color|font(-(family|size|style|weight|variant))?|text-(align|decoration|indent|transform)(-.*)?|line-height|letter-spacing|white-space(-.*)?|direction|vertical-align|list-style-type|(margin|padding|border)(-.*)?|width|height|max-width)$/;

export function cleanHtml(purify, html) {
  const fragment = purify.sanitize(String(html).replace(/(<[a-z][^<>]*?\s)style(\s*=)/gi, "$1kept-style$2"), CLEAN);
  for (const element of fragment.querySelectorAll("[kept-style]")) {
    const wanted = element.getAttribute("kept-style");
    element.removeAttribute("kept-style");
    for (const part of wanted.split(";")) {
      const [name, ...value] = part.split(":");
      if (value.length && KEPT_STYLES.test(name.trim().toLowerCase()) && !/url\s*\(|expression|image-set/i.test(part)) element.style.setProperty(name.trim().toLowerCase(), value.join(":").trim());
    }
  }
  return fragment;
}
