"""What mail programs call the mailboxes for sent, deleted and unwanted mail, in the languages people use them in."""

from unicodedata import normalize

_NAMES: dict[str, str] = {
    "sent": "sent|sent items|sent messages|sent mail|sent-mail|outbox sent|gesendet|gesendete elemente|gesendete objekte|gesendete nachrichten|envoyés|éléments envoyés|"
    "messages envoyés|enviados|elementos enviados|mensajes enviados|itens enviados|posta inviata|inviata|inviati|elementi inviati|verzonden|verzonden items|skickat|skickade objekt|"
    "sendt|sendte elementer|sendt post|sendte e-mails|lähetetyt|lähetetyt viestit|wysłane|elementy wysłane|odeslané|odeslaná pošta|odoslané|odoslaná pošta|elküldött|elküldött elemek|trimise|"
    "elemente trimise|отправленные|надіслані|изпратени|poslano|poslane stavke|gönderilmiş öğeler|gönderilenler|απεσταλμένα|المرسلة|البريد المرسل|العناصر المرسلة|נשלח|已发送|已傳送|寄件備份|送信済み|送信済みアイテム|보낸 편지함|đã gửi|mục đã gửi|elements enviats|enviats|saadetud üksused|saadetud|nosūtītie vienumi|nosūtītie|išsiųsti elementai|išsiųsti|פריטים שנשלחו|ارسال‌شده|"
    "موارد ارسال شده|已发送邮件|寄件備份匣|item terkirim|terkirim|รายการที่ส่ง|भेजे गए आइटम",
    "trash": "trash|deleted items|deleted messages|deleted|bin|rubbish|papierkorb|gelöscht|gelöschte elemente|gelöschte objekte|corbeille|éléments supprimés|papelera|elementos eliminados|"
    "eliminados|lixeira|lixo|itens excluídos|itens eliminados|cestino|posta eliminata|prullenbak|verwijderde items|papperskorgen|borttaget|borttagna objekt|papirkurv|slettet post|"
    "slettede elementer|slettede elementer|søppel|roskakori|poistetut|kosz|elementy usunięte|koš|odstraněná pošta|odstránená pošta|kôš|törölt elemek|kuka|coș de gunoi|elemente șterse|корзина|удаленные|"
    "удалённые|кошик|кошче|smeće|silinmiş öğeler|çöp kutusu|κάδος|διαγραμμένα|المهملات|المحذوفات|العناصر المحذوفة|אשפה|已删除邮件|已删除|垃圾桶|刪除的郵件|ゴミ箱|削除済みアイテム|휴지통|지운 편지함|thùng rác|mục đã xoá|mục đã xóa|posta eliminata|elements suprimits|paperera|kustutatud üksused|prügikast|izdzēstie vienumi|miskaste|panaikinti elementai|šiukšlinė|"
    "изтрити|видалені|izbrisano|פריטים שנמחקו|حذف‌شده|زباله‌دان|item dihapus|sampah|รายการที่ถูกลบ|हटाए गए आइटम",
    "junk": "junk|spam|junk e-mail|junk email|junk mail|bulk mail|bulk|junk-e-mail|unerwünscht|werbung|spamverdacht|courrier indésirable|indésirables|pourriel|correo no deseado|no deseado|"
    "lixo eletrônico|lixo eletrónico|posta indesiderata|indesiderata|ongewenste e-mail|ongewenst|skräppost|uønsket e-mail|søppelpost|uønsket|roskaposti|wiadomości-śmieci|"
    "nevyžádaná pošta|nevyžiadaná pošta|levélszemét|mesaje nedorite|спам|нежелательная почта|спам-листи|нежелана поща|neželjena pošta|önemsiz|gereksiz|ανεπιθύμητα|البريد المزعج|البريد غير المرغوب|דואר זבל|垃圾邮件|垃圾郵件|迷惑メール|스팸|스팸메일함|정크 메일|thư rác|email rác|correu brossa|uønsket mail|rämpspost|mēstules|šlamštas|e-mail nedorit|небажана пошта|neželena pošta|"
    "ανεπιθύμητη αλληλογραφία|önemsiz e-posta|البريد غير الهام|هرزنامه|email sampah|อีเมลขยะ|जंक ईमेल",
    "drafts": "drafts|draft|entwürfe|entwurf|brouillons|borradores|rascunhos|bozze|concepten|utkast|kladder|utkast|kladde|luonnokset|szkice|wersje robocze|kopie robocze|koncepty|rozpracované|"
    "piszkozatok|ciorne|schițe|черновики|чернетки|чернови|skice|taslaklar|πρόχειρα|المسودات|مسودات|טיוטות|草稿|草稿箱|下書き|임시 보관함|thư nháp|esborranys|mustandid|melnraksti|juodraščiai|koncepty|osnutki|پیش‌نویس‌ها|draf|แบบร่าง|ड्राफ़्ट|ड्राफ्ट",
    "archive": "archive|archives|archiv|archivo|arquivo|archivio|archief|arkiv|arkisto|archiwum|archív|archívum|arhivă|архив|архів|arhiva|arşiv|αρχείο|الأرشيف|ארכיון|归档|封存|アーカイブ|보관|lưu trữ",
}
_ROLE = {normalize("NFC", name): role for role, names in _NAMES.items() for name in names.split("|")}


def role_of(name: str) -> str:
    """The role that a top-level mailbox's name says, or "" for none. INBOX is "inbox"."""
    plain = normalize("NFC", name.strip().lower()).removeprefix("[gmail]/").removeprefix("[google mail]/")
    return "inbox" if plain == "inbox" else _ROLE.get(plain, "")
