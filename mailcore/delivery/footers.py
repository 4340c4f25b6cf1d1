"""The domain's signature on what its people send: whether it goes in, with whose fields, and a word in the trace where it does not."""

from mailcore.mail import footer
from mailcore.mail.footer import Footer
from mailcore.mail.headers import Headers
from mailcore.policy.facts import Finding, Level, Mail
from mailcore.runtime.runtime import Runtime
from mailcore.store.accounts import Account


def applied(runtime: Runtime, account: Account, mail: Mail, data: bytes, headers: Headers) -> bytes:
    """*data* with the signature of the account's domain; the same object where it gets none."""

    def get(name: str) -> str:
        return str(runtime.settings.get(name, domain_id=account.domain_id))

    mode, text, html = get("signature.mode"), get("signature.text"), get("signature.html")
    if mode == "off" or not (text or html):
        return data
    reason, made = "", data
    if not runtime.settings.get("signature.replies", domain_id=account.domain_id) and (headers.raw(b"references") or headers.raw(b"in-reply-to")):
        reason = "it is an answer"
    elif not runtime.settings.get("signature.local", domain_id=account.domain_id) and _is_local(account, mail):
        reason = "it stays inside the domain"
    else:
        plain = text or "\n".join(line for line in html.replace("<br>", "\n").split("\n") if "<" not in line)
        made, reason = footer.add(bytes(data), Footer(text=filled(plain, account), html=filled(html, account, is_html=True), mode=mode))
    note = f"The domain's signature was left out: {reason}." if reason else "The domain's signature was added."
    mail.findings.append(Finding(check="signature", level=Level.ACCEPT, facts={"text": note}))
    return made


def _is_local(account: Account, mail: Mail) -> bool:
    domain = account.address.rpartition("@")[2]
    return bool(mail.recipients) and all(one.address.key.rpartition("@")[2] == domain for one in mail.recipients)


def filled(text: str, account: Account, *, is_html: bool = False) -> str:
    """*text* with %User.Name%, %User.FirstName%, %User.LastName% and %User.Address% in it replaced, whatever their case."""
    first, _space, last = account.display_name.partition(" ")
    fields = {"%user.name%": account.display_name, "%user.firstname%": first, "%user.lastname%": last, "%user.address%": account.address}
    out, low, at = [], text.lower(), 0
    while at < len(text):
        name = next((n for n in fields if low.startswith(n, at)), "")
        value = fields.get(name, text[at])
        out.append(footer.escaped(value) if is_html and name else value)
        at += len(name) or 1
    return "".join(out)
