"""The words that the server's own messages come with: (subject, text) by language and name, and the sentences they are put together of."""

WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "bounce.failed": ("Not delivered: %Subject%", "Your message “%Subject%” could not be delivered to:\n\n%Recipients%\n\n%Advice%\n"),
        "bounce.delayed": (
            "Still trying to deliver: %Subject%",
            "Your message “%Subject%” has not been delivered yet. Roost goes on trying until %Until%; you need not send it again. It waits for:\n\n%Recipients%\n",
        ),
        "bounce.delivered": ("Delivered: %Subject%", "Your message “%Subject%” has been delivered to:\n\n%Recipients%\n"),
        "bounce.relayed": ("Handed on: %Subject%", "Your message “%Subject%” has been handed to a server that gives no further word, for:\n\n%Recipients%\n"),
        "bounce.refused": ("Refused by the recipient: %Subject%", "%Recipient% does not take your message “%Subject%”.\n\nThe recipient's filter says:\n\n%Reason%\n"),
        "forward.ask": (
            "Do you want forwarded mail?",
            ("%Owner% would like mail for %Address% to be forwarded to this address.\n\nIf you agree, give them this code:\n\n    %Code%\n\n"
            "It is good for two days. If you do not know what this is about, do nothing: no mail will be forwarded.\n"),
        ),
        "forward.added": (
            "Your mail can now go to %Target%",
            "Mail for %Address% may now be forwarded to %Target%.\n\nIf this was not you, change your password and look at Settings, Away and forwarding.\n",
        ),
        "held.failed": (
            "Not sent: %Subject%",
            "Your message “%Subject%” was to be sent now, and could not be:\n\n%Reason%\n\nIt stands in Drafts. Open it, mend it, and send it again.\n",
        ),
        "filter.failed": (
            "Your filters stumbled",
            ("A rule or script of %Address% could not be carried out:\n\n%Reason%\n\nThe message is in the Inbox; nothing is lost. Look at Settings, Rules, or at the script of your mail program. "
            "You are told once; the message's own timeline is with your admin.\n"),
        ),
        "quota.warning": (
            "Your mailbox is %Percent% % full",
            ("%Used% of %Quota% are used by the mail of %Address%.\n\nWhen it is full, new mail is turned away. Empty Junk and Trash, or delete large messages: "
            "in the search field, larger:10M finds them.\n"),
        ),
        "deleted.many": (
            "%Program% deleted %Count% messages",
            ("%Program% deleted %Count% messages of %Address%, the last of them from %Mailbox%.\n\nIf you wanted that, do nothing. If not: in the webmail, Settings, Activity has a button “Put back” "
            "beside them, for %Days% days. And if you do not know the program, change your password under Settings, Safe sign-in.\n"),
        ),
        "attachment.removed": ("", "%File% was taken off this message: %Reason%.\n"),
        "reply.subject": ("Auto: %Subject%", ""),
    },
    "de": {
        "bounce.failed": ("Nicht zugestellt: %Subject%", "Ihre Nachricht „%Subject%“ konnte nicht zugestellt werden an:\n\n%Recipients%\n\n%Advice%\n"),
        "bounce.delayed": (
            "Zustellung wird weiter versucht: %Subject%",
            "Ihre Nachricht „%Subject%“ ist noch nicht zugestellt. Roost versucht es weiter bis %Until%; Sie müssen sie nicht noch einmal senden. Sie wartet auf:\n\n%Recipients%\n",
        ),
        "bounce.delivered": ("Zugestellt: %Subject%", "Ihre Nachricht „%Subject%“ ist zugestellt an:\n\n%Recipients%\n"),
        "bounce.relayed": ("Weitergegeben: %Subject%", "Ihre Nachricht „%Subject%“ ging an einen Server, der nichts weiter meldet, für:\n\n%Recipients%\n"),
        "bounce.refused": ("Vom Empfänger abgelehnt: %Subject%", "%Recipient% nimmt Ihre Nachricht „%Subject%“ nicht an.\n\nDer Filter des Empfängers sagt:\n\n%Reason%\n"),
        "forward.ask": (
            "Möchten Sie weitergeleitete Post?",
            ("%Owner% möchte, dass Post für %Address% an diese Adresse weitergeleitet wird.\n\nWenn Sie einverstanden sind, geben Sie diesen Code weiter:\n\n    %Code%\n\n"
            "Er gilt zwei Tage. Wenn Sie nicht wissen, worum es geht, tun Sie nichts: Dann wird nichts weitergeleitet.\n"),
        ),
        "forward.added": (
            "Ihre Post kann jetzt an %Target% gehen",
            ("Post für %Address% darf jetzt an %Target% weitergeleitet werden.\n\nWenn Sie das nicht waren, ändern Sie Ihr Passwort und sehen Sie in den Einstellungen unter "
            "Abwesenheit und Weiterleitung nach.\n"),
        ),
        "held.failed": (
            "Nicht gesendet: %Subject%",
            "Ihre Nachricht „%Subject%“ sollte jetzt gesendet werden, und das ging nicht:\n\n%Reason%\n\nSie liegt in den Entwürfen. Öffnen Sie sie, bessern Sie nach und senden Sie sie noch einmal.\n",
        ),
        "filter.failed": (
            "Ihre Filter sind gestolpert",
            ("Eine Regel oder ein Skript von %Address% ließ sich nicht ausführen:\n\n%Reason%\n\nDie Nachricht liegt im Posteingang; verloren ist nichts. Sehen Sie in den Einstellungen unter Regeln nach "
            "oder im Skript Ihres Mailprogramms. Sie erfahren es einmal; den Verlauf der Nachricht sieht Ihr Admin.\n"),
        ),
        "quota.warning": (
            "Ihr Postfach ist zu %Percent% % voll",
            ("Die Post von %Address% belegt %Used% von %Quota%.\n\nWenn es voll ist, wird neue Post abgewiesen. Leeren Sie Spam und Papierkorb oder löschen Sie große Nachrichten: "
            "Im Suchfeld findet sie larger:10M.\n"),
        ),
        "deleted.many": (
            "%Program% hat %Count% Nachrichten gelöscht",
            ("%Program% hat %Count% Nachrichten von %Address% gelöscht, die letzten aus %Mailbox%.\n\nWenn Sie das wollten, tun Sie nichts. Wenn nicht: Im Webmail steht unter Einstellungen, Aktivität "
            "daneben ein Knopf „Zurücklegen“, %Days% Tage lang. Und wenn Sie das Programm nicht kennen, ändern Sie Ihr Passwort unter Einstellungen, Sichere Anmeldung.\n"),
        ),
        "attachment.removed": ("", "%File% wurde von dieser Nachricht entfernt: %Reason%.\n"),
        "reply.subject": ("Automatische Antwort: %Subject%", ""),
    },
    "ar": {
        "bounce.failed": ("تعذّر التسليم: %Subject%", "تعذّر تسليم رسالتك «%Subject%» إلى:\n\n%Recipients%\n\n%Advice%\n"),
        "bounce.delayed": (
            "ما زالت محاولة التسليم جارية: %Subject%",
            "لم تُسلَّم رسالتك «%Subject%» بعد. يواصل Roost المحاولة حتى %Until%، فلا حاجة إلى إرسالها مجددًا. وهي تنتظر:\n\n%Recipients%\n",
        ),
        "bounce.delivered": ("تم التسليم: %Subject%", "سُلِّمت رسالتك «%Subject%» إلى:\n\n%Recipients%\n"),
        "bounce.relayed": ("تم تمرير الرسالة: %Subject%", "مُرِّرت رسالتك «%Subject%» إلى خادم لا يخبر بما بعد ذلك، من أجل:\n\n%Recipients%\n"),
        "bounce.refused": ("رفضها المستلم: %Subject%", "لا يقبل %Recipient% رسالتك «%Subject%».\n\nيقول مرشِّح المستلم:\n\n%Reason%\n"),
        "forward.ask": (
            "هل تريد استلام بريد محوَّل؟",
            ("يرغب %Owner% في تحويل البريد الوارد إلى %Address% نحو هذا العنوان.\n\nإن كنت موافقًا فأعطه هذا الرمز:\n\n    %Code%\n\n"
            "الرمز صالح ليومين. إن لم تكن تعرف ما هذا فلا تفعل شيئًا: لن يُحوَّل أي بريد.\n"),
        ),
        "forward.added": (
            "يمكن الآن أن يذهب بريدك إلى %Target%",
            "يجوز الآن تحويل البريد الوارد إلى %Address% نحو %Target%.\n\nإن لم تكن أنت من فعل ذلك فغيّر كلمة المرور وراجع الإعدادات، الغياب والتحويل.\n",
        ),
        "held.failed": (
            "لم تُرسَل: %Subject%",
            "كان من المقرر إرسال رسالتك «%Subject%» الآن وتعذّر ذلك:\n\n%Reason%\n\nوهي في المسودات. افتحها وأصلحها وأرسلها من جديد.\n",
        ),
        "filter.failed": (
            "تعثّرت مرشّحاتك",
            ("تعذّر تنفيذ قاعدة أو سكربت للعنوان %Address%:\n\n%Reason%\n\nالرسالة في صندوق الوارد ولم يُفقد شيء. راجع الإعدادات، القواعد، أو سكربت برنامج بريدك. "
            "تُخبَر بهذا مرة واحدة، ومسار الرسالة عند المشرف.\n"),
        ),
        "quota.warning": (
            "صندوق بريدك ممتلئ بنسبة %Percent% %",
            "يشغل بريد %Address% مساحة %Used% من %Quota%.\n\nعندما يمتلئ يُرفض البريد الجديد. أفرغ الرسائل غير المرغوبة والمهملات أو احذف الرسائل الكبيرة: يعثر عليها larger:10M في حقل البحث.\n",
        ),
        "deleted.many": (
            "حذف %Program% من الرسائل %Count%",
            ("حذف %Program% من رسائل %Address% ما عدده %Count%، وآخرها من %Mailbox%.\n\nإن كنت تريد ذلك فلا تفعل شيئًا. وإلا ففي بريد الويب، الإعدادات، النشاط، زر «إعادة» بجانبها لمدة %Days% من الأيام. "
            "وإن كنت لا تعرف البرنامج فغيّر كلمة المرور في الإعدادات، دخول آمن.\n"),
        ),
        "attachment.removed": ("", "أُزيل %File% من هذه الرسالة: %Reason%.\n"),
        "reply.subject": ("رد تلقائي: %Subject%", ""),
    },
}

ADVICE: dict[str, dict[str, str]] = {
    "en": {
        "spelling": "Look whether the address is spelt right, and send the message again to the right one.",
        "domain": "The part behind the @ does not exist or takes no mail. Look whether it is spelt right.",
        "full": "The recipient's mailbox is full. Try again later, or reach them another way.",
        "large": "The message is too large for them. Send it without the attachment, or with a smaller one.",
        "other": "If you think this is a mistake, show this message to the person who runs your mail server.",
        "answered": "%Server% answered: %Text%",
        "no subject": "(no subject)",
        "blocked": "attachments of this kind are not taken here",
        "virus": "a virus was found in the message",
    },
    "de": {
        "spelling": "Prüfen Sie, ob die Adresse richtig geschrieben ist, und senden Sie die Nachricht noch einmal an die richtige.",
        "domain": "Den Teil hinter dem @ gibt es nicht, oder er nimmt keine Post an. Prüfen Sie, ob er richtig geschrieben ist.",
        "full": "Das Postfach des Empfängers ist voll. Versuchen Sie es später noch einmal oder auf anderem Weg.",
        "large": "Die Nachricht ist dort zu groß. Senden Sie sie ohne Anhang oder mit einem kleineren.",
        "other": "Wenn Sie das für einen Fehler halten, zeigen Sie diese Nachricht der Person, die Ihren Mailserver betreibt.",
        "answered": "%Server% antwortete: %Text%",
        "no subject": "(kein Betreff)",
        "blocked": "Anhänge dieser Art werden hier nicht angenommen",
        "virus": "in der Nachricht wurde ein Virus gefunden",
    },
    "ar": {
        "spelling": "تحقّق من صحة كتابة العنوان ثم أرسل الرسالة مجددًا إلى العنوان الصحيح.",
        "domain": "الجزء الذي بعد @ غير موجود أو لا يقبل البريد. تحقّق من صحة كتابته.",
        "full": "صندوق المستلم ممتلئ. حاول لاحقًا أو تواصل معه بطريقة أخرى.",
        "large": "الرسالة أكبر مما يقبله خادمه. أرسلها دون المرفق أو بمرفق أصغر.",
        "other": "إن كنت ترى أن هذا خطأ فأطلع مسؤول خادم بريدك على هذه الرسالة.",
        "answered": "أجاب %Server%: %Text%",
        "no subject": "(بلا موضوع)",
        "blocked": "لا تُقبل هنا مرفقات من هذا النوع",
        "virus": "عُثر على فيروس في الرسالة",
    },
}
