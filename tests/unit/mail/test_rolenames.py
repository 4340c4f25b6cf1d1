"""Names that mail programs give to mailboxes with a role, in the languages they come in."""

import unicodedata

import pytest

from mailcore.mail.rolenames import role_of

ROLES = ("sent", "trash", "junk", "drafts")
NAMES = {
    "English": ("Sent Items", "Deleted Items", "Junk E-mail", "Drafts"), "German": ("Gesendete Elemente", "Gelöschte Elemente", "Junk-E-Mail", "Entwürfe"),
    "French": ("Éléments envoyés", "Éléments supprimés", "Courrier indésirable", "Brouillons"), "Spanish": ("Elementos enviados", "Elementos eliminados", "Correo no deseado", "Borradores"),
    "Catalan": ("Elements enviats", "Elements suprimits", "Correu brossa", "Esborranys"), "Portuguese": ("Itens Enviados", "Itens Eliminados", "Lixo Eletrónico", "Rascunhos"),
    "Italian": ("Posta inviata", "Posta eliminata", "Posta indesiderata", "Bozze"), "Dutch": ("Verzonden items", "Verwijderde items", "Ongewenste e-mail", "Concepten"),
    "Swedish": ("Skickat", "Borttaget", "Skräppost", "Utkast"), "Danish": ("Sendt post", "Slettet post", "Uønsket mail", "Kladder"),
    "Norwegian": ("Sendte elementer", "Slettede elementer", "Søppelpost", "Utkast"), "Finnish": ("Lähetetyt", "Poistetut", "Roskaposti", "Luonnokset"),
    "Estonian": ("Saadetud üksused", "Kustutatud üksused", "Rämpspost", "Mustandid"), "Latvian": ("Nosūtītie vienumi", "Izdzēstie vienumi", "Mēstules", "Melnraksti"),
    "Lithuanian": ("Išsiųsti elementai", "Panaikinti elementai", "Šlamštas", "Juodraščiai"), "Polish": ("Elementy wysłane", "Elementy usunięte", "Wiadomości-śmieci", "Wersje robocze"),
    "Czech": ("Odeslaná pošta", "Odstraněná pošta", "Nevyžádaná pošta", "Koncepty"), "Slovak": ("Odoslaná pošta", "Odstránená pošta", "Nevyžiadaná pošta", "Koncepty"),
    "Hungarian": ("Elküldött elemek", "Törölt elemek", "Levélszemét", "Piszkozatok"), "Romanian": ("Elemente trimise", "Elemente șterse", "E-mail nedorit", "Schițe"),
    "Bulgarian": ("Изпратени", "Изтрити", "Нежелана поща", "Чернови"), "Russian": ("Отправленные", "Удаленные", "Нежелательная почта", "Черновики"),
    "Ukrainian": ("Надіслані", "Видалені", "Небажана пошта", "Чернетки"), "Croatian": ("Poslano", "Izbrisano", "Neželjena pošta", "Skice"),
    "Slovenian": ("Poslano", "Izbrisano", "Neželena pošta", "Osnutki"), "Greek": ("Απεσταλμένα", "Διαγραμμένα", "Ανεπιθύμητη αλληλογραφία", "Πρόχειρα"),
    "Turkish": ("Gönderilmiş Öğeler", "Silinmiş Öğeler", "Önemsiz E-posta", "Taslaklar"), "Arabic": ("العناصر المرسلة", "العناصر المحذوفة", "البريد المزعج", "المسودات"),
    "Hebrew": ("פריטים שנשלחו", "פריטים שנמחקו", "דואר זבל", "טיוטות"), "Persian": ("ارسال‌شده", "حذف‌شده", "هرزنامه", "پیش‌نویس‌ها"),
    "Chinese, simplified": ("已发送邮件", "已删除邮件", "垃圾邮件", "草稿"), "Chinese, traditional": ("寄件備份", "刪除的郵件", "垃圾郵件", "草稿"),
    "Japanese": ("送信済みアイテム", "削除済みアイテム", "迷惑メール", "下書き"), "Korean": ("보낸 편지함", "지운 편지함", "스팸", "임시 보관함"),
    "Vietnamese": ("Mục đã Gửi", "Mục đã Xoá", "Thư rác", "Thư nháp"), "Indonesian": ("Item Terkirim", "Item Dihapus", "Email Sampah", "Draf"),
}  # fmt: skip


def test_there_are_thirty_languages() -> None:
    assert len(NAMES) >= 30


@pytest.mark.parametrize("language", NAMES)
def test_each_role_is_known_by_its_name_in_any_case_and_form(language: str) -> None:
    for role, name in zip(ROLES, NAMES[language], strict=True):
        for form in (name, name.upper() if language not in ("Turkish", "Greek") else name, unicodedata.normalize("NFD", name), f" {name} "):
            assert role_of(form) == role, form


def test_what_is_somebodys_own_has_no_role() -> None:
    assert [role_of(name) for name in ("Projects", "Sent Items/2026", "Senta", "")] == ["", "", "", ""]
