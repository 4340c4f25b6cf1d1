"""Hostile HTML by class, as in the histories of other webmails. RAN stands for a call that tells the harness, TRAP for an address that must not be asked.

Each snippet carries its own number in both, so that a run says which one got through.
"""

HANDLERS = {
    "A": [
        "<script>RAN</script>", "<SCRIPT SRC=TRAP></SCRIPT>", "<svg/onload=RAN>", "<img src=x: onerror=RAN>", "<IMG SRC=x: oNeRrOr=RAN>", "<body onload=RAN>", "<details open ontoggle=RAN>x</details>",
        "<video onerror=RAN><source src=x:></video>", "<audio src=x: onerror=RAN>", "<marquee onstart=RAN>x</marquee>", "<input autofocus onfocus=RAN>", "<style onload=RAN>a{}</style>", "<xyz tabindex=1 autofocus onfocus=RAN>x</xyz>",
        "<img\nsrc=x:\nonerror\n=\nRAN>", "<img/src=x:/onerror=RAN>", "<img src=`x` onerror=RAN>", '<img src="x:"onerror="RAN">', "<scr\0ipt>RAN</script>", "<img src=x: one\0rror=RAN>", "<<img src=x: onerror=RAN>",
        "<script/x>RAN</script/x>", "<a onmouseover=RAN onclick=RAN href=#>press</a>", "<iframe onload=RAN></iframe>", "<object data=x: onerror=RAN></object>", "<textarea autofocus onfocus=RAN></textarea>",
        "<select autofocus onfocus=RAN></select>", "<div style='animation:x 1ms' onanimationend=RAN><style>@keyframes x{}</style>x</div>", "<img src=x: alt='>' onerror=RAN>", "<div hx-get=TRAP hx-trigger=load data-hx-on:load=RAN>x</div>",
    ],
    "B": [
        "<a href=javascript:RAN>press</a>", "<a href='JaVaScRiPt:RAN'>press</a>", "<a href='&#x6a;avascript:RAN'>press</a>", "<a href='java&Tab;script:RAN'>press</a>", "<a href='java\nscript:RAN'>press</a>", "<a href=' \x01javascript:RAN'>press</a>",
        "<a href='vbscript:RAN'>press</a>", "<a href='data:text/html,<script>RAN</script>'>press</a>", "<a href='file:///etc/passwd'>press</a>", "<a href='blob:x'>press</a>", "<a href='filesystem:http://x/'>press</a>",
        "<form action=javascript:RAN><input type=submit value=press></form>", "<form><button formaction=javascript:RAN>press</button></form>", "<form action=TRAP><button>press</button></form>", "<iframe src=javascript:RAN></iframe>", "<iframe srcdoc='<script>RAN</script>'></iframe>",
        "<embed src=TRAP>", "<object data='data:text/html,<script>RAN</script>'></object>", "<applet code=x archive=TRAP></applet>", "<frameset><frame src=javascript:RAN></frameset>", "<meta http-equiv=refresh content='0;url=TRAP'>",
        "<meta http-equiv=refresh content='0;javascript:RAN'>", "<base href=javascript:RAN//><a href=#>press</a>", "<base href=TRAP><img src=x.png>", "<svg><a xlink:href=javascript:RAN><text y=20>press</text></a></svg>",
        "<math href=javascript:RAN><mi href=javascript:RAN>press</mi></math>", "<math><maction actiontype=statusline xlink:href=javascript:RAN>press</maction></math>", "<map name=m><area shape=default href=javascript:RAN></map><img usemap=#m>", "<a href=# ping=TRAP>press</a>",
        "<a href='//\\TRAP' target=_top>press</a>", "<a href=TRAP target=_top>press</a>", "<a href=TRAP target=_parent>press</a>", "<a href=TRAP rel=opener target=x>press</a>", "<a href='cid:x'>press</a>",
    ],
    "C": [
        "<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><image href='x:' onerror='RAN'/></svg>#x\"/></svg>", "<svg><use xlink:href='data: image/svg+xml;base64,PHN2Zy8+#x'/></svg>",
        "<svg><a><animate attributeName=href values=javascript:RAN /><text y=20>press</text></a></svg>", "<svg><a><set attributeName=xlink:href to=javascript:RAN /><text y=20>press</text></a></svg>",
        "<svg><a><animate attributeName='href ' keytimes=0;1 values='x;javascript:RAN'/><text y=20>press</text></a></svg>", "<svg><animate onbegin=RAN attributeName=x dur=1s></svg>", "<svg><animateTransform onbegin=RAN attributeName=transform dur=1s></svg>",
        "<svg><animateMotion onbegin=RAN dur=1s></svg>", "<svg><foreignObject><img src=x: onerror=RAN></foreignObject></svg>", "<svg><script href=data:,RAN></script></svg>", "<svg><filter id=f><feImage href=TRAP /></filter><rect width=9 height=9 filter=url(#f) /></svg>",
        "<svg xmlns='\"><img src=x: onerror=RAN>'></svg>", "<svg><style><img src=x: onerror=RAN></style></svg>", "<svg><title><img src=x: onerror=RAN></title></svg>", "<svg><desc><img src=x: onerror=RAN></desc></svg>",
        "<math><annotation-xml encoding=text/html><img src=x: onerror=RAN></annotation-xml></math>", "<svg><image href=TRAP /></svg>", "<svg><image xlink:href=TRAP /></svg>", "<svg><rect fill='url(TRAP#x)' width=9 height=9 /></svg>",
    ],
    "D": [
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x: onerror=RAN&gt;'>", "<noscript><p title='</noscript><img src=x: onerror=RAN>'>", "<textarea><p title='</textarea><img src=x: onerror=RAN>'>",
        "<title><p title='</title><img src=x: onerror=RAN>'>", "<xmp><p title='</xmp><img src=x: onerror=RAN>'>", "<noembed><p title='</noembed><img src=x: onerror=RAN>'>", "<iframe><p title='</iframe><img src=x: onerror=RAN>'>",
        "<!--><img src=x: onerror=RAN>-->", "<!-- --!><img src=x: onerror=RAN>-->", "<![CDATA[<img src=x: onerror=RAN>]]>", "<?xml version='1.0'?><img src=x: onerror=RAN>", "<!--[if gte IE 4]><img src=x: onerror=RAN><![endif]-->",
        "<template><img src=x: onerror=RAN></template>", "<form><div></form><form><math><mtext></form><form><mglyph><style></math><img src=x: onerror=RAN>", "<svg></p><style><a title='</style><img src=x: onerror=RAN>'>",
        "<div>" * 600 + "<img src=x: onerror=RAN>", "<p title='" + "x" * 100_000 + "'><img src=x: onerror=RAN>", "<table><td><svg><desc><td></desc></svg><img src=x: onerror=RAN>", "<plaintext><img src=x: onerror=RAN>",
    ],
    "E": [
        "<img src='cid:x\" onerror=\"RAN'>", "<img src='cid:\"><script>RAN</script>'>", "<a href='http://x.test/\"onmouseover=\"RAN'>press</a>", "<p>http://x.test/&quot;onmouseover=&quot;RAN <b>http://x.test/</b></p>", "<img src=/mail/image/forged>",
        "<img src='/mail/part/forged/x.png'>", "<p class='quoted' id=nav data-body hx-on=RAN x-remote=TRAP data-src=TRAP data-href=TRAP>x</p>", "<blockquote><p>On Monday &lt;img src=x: onerror=RAN&gt; wrote:</p></blockquote>",
        "<details class=quoted open ontoggle=RAN><summary>press</summary></details>", "<body background=TRAP onload=RAN style='background:url(TRAP)'><p>x", "<mark onclick=RAN>press</mark>",
    ],
    "F": [
        "<style>@import 'TRAP';</style>", "<style>@font-face{font-family:x;src:url(TRAP)}p{font-family:x}</style><p>x</p>", "<style>@namespace x 'TRAP';</style>", "<style>@media all{body{background:url(TRAP)}}</style>", "<style>@supports (color:red){body{background:url(TRAP)}}</style>",
        "<style>@layer x{body{background:url(TRAP)}}</style>", "<style>:root{--x:url(TRAP)}body{background:var(--x)}</style>", "<p style='background:url(TRAP)'>x</p>", "<p style='background-image:image-set(url(TRAP) 1x)'>x</p>", "<p style='background:cross-fade(url(TRAP),url(TRAP),50%)'>x</p>",
        "<p style=\"background-image:image-set('TRAP' 1x)\">x</p>", "<p style='--x:url(TRAP);background:var(--x)'>x</p>", "<style>p::before{content:url(TRAP)}</style><p>x</p>", "<p style='cursor:url(TRAP),auto'>press</p>", "<ul><li style='list-style-image:url(TRAP)'>x</ul>",
        "<p style='border-image:url(TRAP) 1'>x</p>", "<p style='mask:url(TRAP)'>x</p>", "<p style='-webkit-mask-image:url(TRAP)'>x</p>", "<p style='clip-path:url(TRAP#x)'>x</p>", "<p style='filter:url(TRAP#x)'>x</p>", "<p style='shape-outside:url(TRAP);float:left'>x</p>",
        "<p style='width:expression(RAN)'>x</p>", "<p style='-moz-binding:url(TRAP)'>x</p>", "<p style='behavior:url(TRAP)'>x</p>", "<p style='background:u\\72l(TRAP)'>x</p>", "<p style='background:\\75\\72\\6c(TRAP)'>x</p>", "<p style='back/**/ground:ur/**/l(TRAP)'>x</p>",
        "<p style='background:url(TRAP'>x</p>", "<p style='color:red;background:url(\"TRAP'>x</p>", "<style>input[value^=a]{background:url(TRAP)}</style><input value=abc>", "<style>a:visited{background:url(TRAP)}</style>", "<style>html,body,*{background:url(TRAP)!important}</style>",
        "<link rel=stylesheet href=TRAP>", "<p style='animation:x 9s infinite;backdrop-filter:blur(999px)'>x</p>",
    ],
    "G": [
        "<div style='position:fixed!important;top:0;left:0;width:100vw;height:100vh;background:red;z-index:99999'>COVER</div>", "<div style='position:absolute;top:-500px'>COVER</div>", "<div style='position:sticky;top:0'>COVER</div>", "<div style='margin:-900px;transform:scale(9)'>COVER</div>",
        "<dialog open style='position:fixed'>COVER</dialog>", "<div popover id=x>COVER</div><button popovertarget=x>press</button>", "<div style='height:99999999px;width:99999999px'>COVER</div>", "<style>*{position:fixed!important;inset:0}</style><p>COVER</p>",
        "<form action=TRAP><input name=user><input type=password><button>press</button></form>", "<div style='position: fi\\78 ed'>COVER</div>", "<a href=TRAP style='position:fixed;inset:0'>press</a>", "<div style='translate:-99px -99px;inset:0;top:0;z-index:9'>COVER</div>",
    ],
    "H": [
        "<img src=TRAP>", "<img srcset='TRAP 1x, TRAP 2x' sizes=100vw>", "<picture><source srcset=TRAP><img></picture>", "<input type=image src=TRAP>", "<video src=TRAP poster=TRAP></video>", "<audio src=TRAP autoplay></audio>", "<video><source src=TRAP><track default src=TRAP></video>",
        "<body background=TRAP>", "<table background=TRAP><td background=TRAP>x</table>", "<link rel=icon href=TRAP>", "<link rel=preload as=image href=TRAP>", "<link rel=prefetch href=TRAP>", "<link rel=preconnect href=TRAP>", "<link rel=modulepreload href=TRAP>", "<iframe src=TRAP></iframe>",
        "<iframe srcdoc='<img src=TRAP>'></iframe>", "<object data=TRAP></object>", "<embed src=TRAP>", "<img src='//TRAPHOST/NUMBER'>", "<img src='\\\\TRAPHOST/NUMBER'>", "<img src=' h\nttp://TRAPHOST/NUMBER'>", "<script>navigator.sendBeacon('TRAP')</script>", "<image src=TRAP>",
        "<form id=f action=TRAP></form><img src=x: onerror=f.submit()>", "<img lowsrc=TRAP dynsrc=TRAP>", "<bgsound src=TRAP>", "<p style='background:url(data:image/svg+xml,%3Csvg/%3E) , url(TRAP)'>x</p>",
    ],
}  # fmt: skip


def snippets(trap: str) -> dict[str, str]:
    """Every snippet by its number (A00 …), with *trap*, host:port, as what must not be asked."""
    made = {}
    for letter, texts in HANDLERS.items():
        for count, text in enumerate(texts):
            number = f"{letter}{count:02}"
            made[number] = text.replace("TRAPHOST", trap).replace("NUMBER", number).replace("TRAP", f"http://{trap}/{number}").replace("RAN", f"ran(/{number}/.source)")
    return made


TEXTS = [
    "<img src=x: onerror=RAN> http://x.test/<img src=x: onerror=RAN>", "[1] http://x.test/\"onmouseover=\"RAN", "<http://x.test/?\"><script>RAN</script>>", "mailto:a@x.test\"onclick=\"RAN", "http://x.test/'onclick='RAN' javascript:RAN",
    "> quoted <svg/onload=RAN>\n>> <script>RAN</script>", "\u202ehttp://moc.live/\u202c \u200bhttp://\u0430pple.test/ http://xn--pple-43d.test/", "www.x.test/\"><img src=x: onerror=RAN>", "&lt;script&gt;RAN&lt;/script&gt;", "--\n<!--<img src=x: onerror=RAN>-->",
]  # fmt: skip
"""Hostile plain text."""
ECHOES = ["<img src=x: onerror=RAN>", "\"><script>RAN</script>", "' onmouseover='RAN", "</title><svg/onload=RAN>", "{{7*7}}${RAN}", "javascript:RAN", "</textarea><img src=x: onerror=RAN>", "\u202e<b>RAN"]
"""What a header may hold: subject, names, file names, List-Id."""
