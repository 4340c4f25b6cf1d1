"""What puts messages into one conversation: the base subject and the message-ids they name. RFC 5256 §2.1, RFC 8621 §3.

The base subject follows RFC 5256, with the reply and forward marks of other languages beside "re", "fw" and "fwd", because
their programs write them. Which messages do belong together is decided by the store.
"""

import re

MAX_SUBJECT = 1000
"""Characters of a subject that are looked at. Stops a subject of a million marks from costing its square."""

# Marks of replies and forwards as mail programs write them, by language.
_MARKS = (
    "re|fwd|fw|aw|wg|antw|antwort|doorst|sv|vs|vl|vb|odp|pd|ynt|ilt|res|enc|rv|tr|ref|rif|r|i|vá|továbbítás|továbbitás"
    "|σχετ|πρθ|απ|ответ|отв|на|пересл|回复|答复|回覆|转发|轉寄|轉發|답장|전달|返信|転送|הועבר|תשובה|رد|إعادة توجيه"
)
_COUNT = r"(?:\[[^\[\]]*\]\s*|\(\d{1,4}\)\s*|\^\d{1,4}\s*)?"
_SUBJECT_MARK = re.compile(rf"(?:\[[^\[\]]*\]\s*)*(?:{_MARKS})\s*{_COUNT}[:：]\s*", re.IGNORECASE)
_BLOB = re.compile(r"\[[^\[\]]*\]\s*")
_TRAILER = "(fwd)"
_WRAPPED = re.compile(r"\[fwd:(.*)\]", re.IGNORECASE | re.DOTALL)
_WHITE = re.compile(r"\s+")


def base_subject(subject: str) -> str:
    """The subject without what replies, forwards and lists put around it, lower case, white space as single spaces. RFC 5256 §2.1."""
    text = _WHITE.sub(" ", subject[:MAX_SUBJECT]).strip().lower()
    while True:
        while text.endswith(_TRAILER):
            text = text[: -len(_TRAILER)].rstrip()
        text = _without_leaders(text)
        wrapped = _WRAPPED.fullmatch(text)
        if wrapped is None:
            return text
        text = wrapped.group(1).strip()


def _without_leaders(text: str) -> str:
    """Takes marks and bracketed blobs off the front; a blob stays where nothing would be left behind it (steps 3 to 5)."""
    while True:
        mark = _SUBJECT_MARK.match(text)
        if mark:
            text = text[mark.end() :]
            continue
        blob = _BLOB.match(text)
        if blob and blob.end() < len(text):
            text = text[blob.end() :]
            continue
        return text


def is_reply_or_forward(subject: str) -> bool:
    """Whether the subject begins with a mark, a list's tag before it or not, or ends with "(fwd)"."""
    text = _WHITE.sub(" ", subject[:MAX_SUBJECT]).strip()
    return _SUBJECT_MARK.match(text) is not None or text.lower().endswith(_TRAILER) or text.lower().startswith("[fwd:")
