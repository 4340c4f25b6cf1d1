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
        "<img src=x:\fonerror=RAN>", "<svg><set onbegin=RAN attributeName=x></svg>", "<audio src=x: onerror=RAN autoplay></audio>", "<link rel=stylesheet href=x: onerror=RAN>", "<object type=text/html data=x: onerror=RAN></object>", "<embed src=x: onload=RAN>",
        "<div contenteditable autofocus onfocus=RAN>x</div>", "<a id=x tabindex=1 autofocus onfocusin=RAN>x</a>", "<p style='transition:color 1ms;color:red' ontransitionend=RAN>x</p>", "<div onscrollsnapchange=RAN onbeforematch=RAN hidden=until-found>x</div>",
        "<button popovertarget=p>press</button><div id=p popover onbeforetoggle=RAN ontoggle=RAN>x</div>", "<script type=module>RAN</script>", "<script type=speculationrules>{\"prefetch\":[{\"source\":\"list\",\"urls\":[\"TRAP\"]}]}</script>",
        "<script type=importmap>{\"imports\":{\"x\":\"TRAP\"}}</script><script type=module>import 'x'</script>", "<iframe srcdoc='&lt;img src=x: onerror=parent.RAN&gt;'></iframe>", "<div><template shadowrootmode=open><img src=x: onerror=RAN></template></div>",
        "<body onpageshow=RAN>", "<img src=x: onerror\0=RAN>", "<a href=# accesskey=x onclick=RAN style=display:block>press</a>", "<label for=f onclick=RAN>press</label><input id=f>",
    ],
    "B": [
        "<a href=javascript:RAN>press</a>", "<a href='JaVaScRiPt:RAN'>press</a>", "<a href='&#x6a;avascript:RAN'>press</a>", "<a href='java&Tab;script:RAN'>press</a>", "<a href='java\nscript:RAN'>press</a>", "<a href=' \x01javascript:RAN'>press</a>",
        "<a href='vbscript:RAN'>press</a>", "<a href='data:text/html,<script>RAN</script>'>press</a>", "<a href='file:///etc/passwd'>press</a>", "<a href='blob:x'>press</a>", "<a href='filesystem:http://x/'>press</a>",
        "<form action=javascript:RAN><input type=submit value=press></form>", "<form><button formaction=javascript:RAN>press</button></form>", "<form action=TRAP><button>press</button></form>", "<iframe src=javascript:RAN></iframe>", "<iframe srcdoc='<script>RAN</script>'></iframe>",
        "<embed src=TRAP>", "<object data='data:text/html,<script>RAN</script>'></object>", "<applet code=x archive=TRAP></applet>", "<frameset><frame src=javascript:RAN></frameset>", "<meta http-equiv=refresh content='0;url=TRAP'>",
        "<meta http-equiv=refresh content='0;javascript:RAN'>", "<base href=javascript:RAN//><a href=#>press</a>", "<base href=TRAP><img src=x.png>", "<svg><a xlink:href=javascript:RAN><text y=20>press</text></a></svg>",
        "<math href=javascript:RAN><mi href=javascript:RAN>press</mi></math>", "<math><maction actiontype=statusline xlink:href=javascript:RAN>press</maction></math>", "<map name=m><area shape=default href=javascript:RAN></map><img usemap=#m>", "<a href=# ping=TRAP>press</a>",
        "<a href='//\\TRAP' target=_top>press</a>", "<a href=TRAP target=_top>press</a>", "<a href=TRAP target=_parent>press</a>", "<a href=TRAP rel=opener target=x>press</a>", "<a href='cid:x'>press</a>",
        "<a href='//TRAPHOST/NUMBER'>press</a>", "<a href='javascript&colon;RAN'>press</a>", "<a href='javascript&#58RAN'>press</a>", "<a href='&#0000106avascript:RAN'>press</a>", "<a href='java&NewLine;script:RAN'>press</a>", "<a href='\u2028javascript:RAN'>press</a>",
        "<a href='\ufeffjavascript:RAN'>press</a>", "<a href='javascript://x.test/%0aRAN'>press</a>", "<a href='data:text/html;base64,PHNjcmlwdD50b3AucmFuKCdCJyk8L3NjcmlwdD4='>press</a>", "<a href='data:application/xhtml+xml,<x/>'>press</a>", "<a href='view-source:TRAP'>press</a>",
        "<a href='intent://x#Intent;scheme=http;end'>press</a>", "<form id=q action=TRAP></form><button form=q>press</button>", "<form id=w></form><input type=submit form=w formaction=TRAP formmethod=post formtarget=_top value=press>", "<form action=TRAP method=dialog><button>press</button></form>",
        "<form action=TRAP><input type=image src=x: alt=press></form>", "<meta http-equiv=set-cookie content='roost=evil'>", "<meta http-equiv=refresh content='0;url=data:text/html,x'>", "<META HTTP-EQUIV='Link' CONTENT='<TRAP>; rel=preload; as=image'>", "<base target=_top href=TRAP><a href=y>press</a>",
        "<a href=http://x.test/ ping='TRAP TRAP'>press</a>", "<a href=TRAP download=x.exe target=_self>press</a>", "<a href='http://x.test\\@TRAPHOST/NUMBER' target=_self>press</a>", "<a href=http:TRAPHOST/NUMBER target=_self>press</a>", "<iframe name=f></iframe><a href=javascript:RAN target=f>press</a>",
        "<a href='http://x.test/' attributionsrc=TRAP>press</a>", "<isindex action=javascript:RAN type=image>", "<portal src=TRAP></portal>", "<fencedframe></fencedframe>", "<a href='mailto:a@x.test?subject=x%0d%0aBcc:evil@x.test'>letter</a>",
    ],
    "C": [
        "<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><image href='x:' onerror='RAN'/></svg>#x\"/></svg>", "<svg><use xlink:href='data: image/svg+xml;base64,PHN2Zy8+#x'/></svg>",
        "<svg><a><animate attributeName=href values=javascript:RAN /><text y=20>press</text></a></svg>", "<svg><a><set attributeName=xlink:href to=javascript:RAN /><text y=20>press</text></a></svg>",
        "<svg><a><animate attributeName='href ' keytimes=0;1 values='x;javascript:RAN'/><text y=20>press</text></a></svg>", "<svg><animate onbegin=RAN attributeName=x dur=1s></svg>", "<svg><animateTransform onbegin=RAN attributeName=transform dur=1s></svg>",
        "<svg><animateMotion onbegin=RAN dur=1s></svg>", "<svg><foreignObject><img src=x: onerror=RAN></foreignObject></svg>", "<svg><script href=data:,RAN></script></svg>", "<svg><filter id=f><feImage href=TRAP /></filter><rect width=9 height=9 filter=url(#f) /></svg>",
        "<svg xmlns='\"><img src=x: onerror=RAN>'></svg>", "<svg><style><img src=x: onerror=RAN></style></svg>", "<svg><title><img src=x: onerror=RAN></title></svg>", "<svg><desc><img src=x: onerror=RAN></desc></svg>",
        "<math><annotation-xml encoding=text/html><img src=x: onerror=RAN></annotation-xml></math>", "<svg><image href=TRAP /></svg>", "<svg><image xlink:href=TRAP /></svg>", "<svg><rect fill='url(TRAP#x)' width=9 height=9 /></svg>",
        "<svg><use href='data:image/svg+xml;\tbase64,PHN2ZyBpZD0ieCI+PC9zdmc+#x'/></svg>", "<svg><use href='TRAP#x'/></svg>", "<svg><a><animate attributeName=href from=javascript:RAN to=# /><text y=20>press</text></a></svg>", "<svg><a><animate attributeName=href by=javascript:RAN /><text y=20>press</text></a></svg>",
        "<svg><rect width=9 height=9><animate attributeName=fill values='url(TRAP#x);url(TRAP#x)'/></rect></svg>", "<svg><rect width=9 height=9 stroke='url(TRAP#x)' mask='url(TRAP#x)' filter='url(TRAP#x)' clip-path='url(TRAP#x)' cursor='url(TRAP),auto'/></svg>",
        "<svg><path d='M0 0L9 9' marker-start='url(TRAP#x)' marker-end='url(TRAP#x'/></svg>", "<svg><style>@import 'TRAP';rect{fill:url(TRAP#x)}</style><rect width=9 height=9 /></svg>", "<svg><foreignObject><iframe srcdoc='<script>parent.RAN</script>'></iframe></foreignObject></svg>",
        "<svg><handler xmlns:ev='http://www.w3.org/2001/xml-events' ev:event=load>RAN</handler></svg>", "<svg><discard onbegin=RAN begin=0s /></svg>", "<math><mstyle href=javascript:RAN><ms>press</ms></mstyle></math>", "<math><semantics><annotation-xml encoding='application/xhtml+xml'><svg><img src=x: onerror=RAN>",
        "<svg><desc><svg><desc><img src=x: onerror=RAN></desc></svg></desc></svg>", "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='RAN'><image href='TRAP'/></svg>\">", "<svg><text><textPath href='TRAP#x'>x</textPath></text></svg>", "<svg><linearGradient id=g href='TRAP#x'/><rect width=9 height=9 fill=url(#g) /></svg>",
    ],
    "D": [
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x: onerror=RAN&gt;'>", "<noscript><p title='</noscript><img src=x: onerror=RAN>'>", "<textarea><p title='</textarea><img src=x: onerror=RAN>'>",
        "<title><p title='</title><img src=x: onerror=RAN>'>", "<xmp><p title='</xmp><img src=x: onerror=RAN>'>", "<noembed><p title='</noembed><img src=x: onerror=RAN>'>", "<iframe><p title='</iframe><img src=x: onerror=RAN>'>",
        "<!--><img src=x: onerror=RAN>-->", "<!-- --!><img src=x: onerror=RAN>-->", "<![CDATA[<img src=x: onerror=RAN>]]>", "<?xml version='1.0'?><img src=x: onerror=RAN>", "<!--[if gte IE 4]><img src=x: onerror=RAN><![endif]-->",
        "<template><img src=x: onerror=RAN></template>", "<form><div></form><form><math><mtext></form><form><mglyph><style></math><img src=x: onerror=RAN>", "<svg></p><style><a title='</style><img src=x: onerror=RAN>'>",
        "<div>" * 600 + "<img src=x: onerror=RAN>", "<p title='" + "x" * 100_000 + "'><img src=x: onerror=RAN>", "<table><td><svg><desc><td></desc></svg><img src=x: onerror=RAN>", "<plaintext><img src=x: onerror=RAN>",
        "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img src=x: onerror=RAN>'>", "<svg><style><![CDATA[</style><img src=x: onerror=RAN>]]></style></svg>", "<math><annotation-xml encoding='text/html'><svg><style><a id='</style><img src=x: onerror=RAN>'></style></svg></annotation-xml></math>",
        "<svg><annotation-xml><foreignobject><style><!--</style><p id='--><img src=x: onerror=RAN>'></style></foreignobject></annotation-xml></svg>", "<noscript><style></noscript><img src=x: onerror=RAN></style></noscript>", "<select><template><style><!--</style><a id='--><img src=x: onerror=RAN>'></template></select>",
        "<select><iframe><select><img src=x: onerror=RAN></select></iframe></select>", "<math><mtext><option><style></option></mtext><img src=x: onerror=RAN></style></math>", "<p><svg><p></svg><style></p><img src=x: onerror=RAN></style>", "<a><table><a id='></a><img src=x: onerror=RAN>'></a></table>",
        "<!--><!--x--!><img src=x: onerror=RAN>", "<!x><img src=x: onerror=RAN>", "<?x <img src=x: onerror=RAN>", "</ <img src=x: onerror=RAN>", "<title>&lt;/title&gt;&lt;img src=x: onerror=RAN&gt;</title>", "<p title='&lt;/p&gt;&lt;img src=x: onerror=RAN&gt;'>x</p>",
        "&lt;img src=x: onerror=RAN&gt;", "&amp;lt;img src=x: onerror=RAN&amp;gt;", "&#60;img src=x: onerror=RAN&#62;", "\uff1cimg src=x: onerror=RAN\uff1e", "<listing>&lt;img src=x: onerror=RAN&gt;</listing>", "<xmp>&lt;/xmp&gt;<img src=x: onerror=RAN></xmp>", "<style>x</style/><img src=x: onerror=RAN>",
        "<b title='" + "&lt;" * 3000 + "'>x</b><img src=x: onerror=RAN>", "<div>" * 110 + "<table><tr><td>" * 10 + "<svg><style><a id='</style><img src=x: onerror=RAN>'>", "<font face='" + "a" * 3000 + "\"><img src=x: onerror=RAN>'>x</font>",
    ],
    "E": [
        "<img src='cid:x\" onerror=\"RAN'>", "<img src='cid:\"><script>RAN</script>'>", "<a href='http://x.test/\"onmouseover=\"RAN'>press</a>", "<p>http://x.test/&quot;onmouseover=&quot;RAN <b>http://x.test/</b></p>", "<img src=/mail/image/forged>",
        "<img src='/mail/part/forged/x.png'>", "<p class='quoted' id=nav data-body hx-on=RAN x-remote=TRAP data-src=TRAP data-href=TRAP>x</p>", "<blockquote><p>On Monday &lt;img src=x: onerror=RAN&gt; wrote:</p></blockquote>",
        "<details class=quoted open ontoggle=RAN><summary>press</summary></details>", "<body background=TRAP onload=RAN style='background:url(TRAP)'><p>x", "<mark onclick=RAN>press</mark>",
        "<img name=body><img id=documentElement><form name=querySelectorAll><input name=length></form><a id=nav name=location href='javascript:RAN'>press</a>", "<img src='cid:x' alt='<script>RAN</script>'>", "<img src=CID:../mail/part/forged>", "<img src='/mail/image/eyJ4Ijoi.x.y'>", "<img src='mail/act?op=delete'>",
        "<a href='/settings/away'>press</a>", "<a href='?op=delete'>press</a>", "<p>press <b>script</b> quot; &quot;press&quot; img &lt;press onclick=RAN&gt;</p>", "<p title='press \"press'>press</p>", "<blockquote><blockquote><p>press &lt;/details&gt;&lt;img src=x: onerror=RAN&gt;</p></blockquote></blockquote>",
        "<blockquote title='<details>'>press</blockquote><p></p>", "<font color='red\"onclick=RAN'>press</font>", "<p lang='en\" onclick=\"RAN'>press</p>", "<ol start=1 type='a' reversed onclick=RAN><li value=9>press</ol>",
    ],
    "F": [
        "<style>@import 'TRAP';</style>", "<style>@font-face{font-family:x;src:url(TRAP)}p{font-family:x}</style><p>x</p>", "<style>@namespace x 'TRAP';</style>", "<style>@media all{body{background:url(TRAP)}}</style>", "<style>@supports (color:red){body{background:url(TRAP)}}</style>",
        "<style>@layer x{body{background:url(TRAP)}}</style>", "<style>:root{--x:url(TRAP)}body{background:var(--x)}</style>", "<p style='background:url(TRAP)'>x</p>", "<p style='background-image:image-set(url(TRAP) 1x)'>x</p>", "<p style='background:cross-fade(url(TRAP),url(TRAP),50%)'>x</p>",
        "<p style=\"background-image:image-set('TRAP' 1x)\">x</p>", "<p style='--x:url(TRAP);background:var(--x)'>x</p>", "<style>p::before{content:url(TRAP)}</style><p>x</p>", "<p style='cursor:url(TRAP),auto'>press</p>", "<ul><li style='list-style-image:url(TRAP)'>x</ul>",
        "<p style='border-image:url(TRAP) 1'>x</p>", "<p style='mask:url(TRAP)'>x</p>", "<p style='-webkit-mask-image:url(TRAP)'>x</p>", "<p style='clip-path:url(TRAP#x)'>x</p>", "<p style='filter:url(TRAP#x)'>x</p>", "<p style='shape-outside:url(TRAP);float:left'>x</p>",
        "<p style='width:expression(RAN)'>x</p>", "<p style='-moz-binding:url(TRAP)'>x</p>", "<p style='behavior:url(TRAP)'>x</p>", "<p style='background:u\\72l(TRAP)'>x</p>", "<p style='background:\\75\\72\\6c(TRAP)'>x</p>", "<p style='back/**/ground:ur/**/l(TRAP)'>x</p>",
        "<p style='background:url(TRAP'>x</p>", "<p style='color:red;background:url(\"TRAP'>x</p>", "<style>input[value^=a]{background:url(TRAP)}</style><input value=abc>", "<style>a:visited{background:url(TRAP)}</style>", "<style>html,body,*{background:url(TRAP)!important}</style>",
        "<link rel=stylesheet href=TRAP>", "<p style='animation:x 9s infinite;backdrop-filter:blur(999px)'>x</p>",
        "<style>@charset 'utf-7';@import url(TRAP) layer(x) supports(display:block)</style>", "<style>@container (width>0){p{background:url(TRAP)}}html{container-type:inline-size}</style><p>x</p>", "<style>@keyframes k{0%{background:url(TRAP)}100%{background:url(TRAP)}}p{animation:k 1s}</style><p>x</p>",
        "<style>@font-face{font-family:leak;src:url(TRAP);unicode-range:U+0041}p{font-family:leak}</style><p>ABC</p>", "<style>p{background:src('TRAP')}</style><p>x</p>", "<p title='TRAP' style='background:url(attr(title))'>x</p>", "<p data-x='TRAP' style='background-image:image-set(attr(data-x) 1x)'>x</p>",
        "<p style='content:url(TRAP)'>x</p>", "<img style='content:url(TRAP)'>", "<p style='background:-webkit-image-set(url(TRAP) 1x)'>x</p>", "<p style='background:image(\"TRAP\")'>x</p>", "<p style='offset-path:url(TRAP#x)'>x</p>", "<p style='-webkit-box-reflect:below 0 url(TRAP)'>x</p>", "<p style='-webkit-mask-box-image:url(TRAP)'>x</p>",
        "<ul style='list-style:url(TRAP)'><li>x</ul>", "<p style='font:1px/url(TRAP) x'>x</p>", "<p style='background:URL(TRAP)'>x</p>", "<p style='background:url (TRAP)'>x</p>", "<p style='background:url(/**/TRAP)'>x</p>", "<p style='background:u\\000072l(TRAP)'>x</p>", "<p style='background:u\\\nrl(TRAP)'>x</p>", "<p style='background\\3a url(TRAP)'>x</p>",
        "<p style='color:red;}p{background:url(TRAP)'>x</p>", "<p style='color:red;/*'>x</p><p style='*/background:url(TRAP)'>x</p>", "<p style='color:re\0d;background:url(TRAP)'>x</p>", "<p style='--a:u;--b:rl(TRAP);background:var(--a)var(--b)'>x</p>", "<p style='background:env(x,url(TRAP))'>x</p>",
        "<p style='background:&#117;&#114;&#108;(TRAP)'>x</p>", "<p style=\"font-family:'x';background:url('TRAP')\">x</p>", "<p style='font-family:\"x\\22;background:url(TRAP)\"'>x</p>", "<p style='background:linear-gradient(red,red),url(TRAP)'>x</p>", "<p style='background:url(TRAP)!important'>x</p>", "<!--><style>p{background:url(TRAP)}</style>-->",
        "<style><!-- p{background:url(TRAP)} --></style><p>x</p>", "<style>p{background:url(TRAP</style><p>x</p>", "<style media=print>p{background:url(TRAP)}</style>", "<style type=text/css>@media(min-width:1px){@import 'TRAP'}p:has(b){background:url(TRAP)}</style><p><b>x</b></p>", "<style>@property --p{syntax:'<image>';inherits:true;initial-value:url(TRAP)}p{background:var(--p)}</style><p>x</p>",
    ],
    "G": [
        "<div style='position:fixed!important;top:0;left:0;width:100vw;height:100vh;background:red;z-index:99999'>COVER</div>", "<div style='position:absolute;top:-500px'>COVER</div>", "<div style='position:sticky;top:0'>COVER</div>", "<div style='margin:-900px;transform:scale(9)'>COVER</div>",
        "<dialog open style='position:fixed'>COVER</dialog>", "<div popover id=x>COVER</div><button popovertarget=x>press</button>", "<div style='height:99999999px;width:99999999px'>COVER</div>", "<style>*{position:fixed!important;inset:0}</style><p>COVER</p>",
        "<form action=TRAP><input name=user><input type=password><button>press</button></form>", "<div style='position: fi\\78 ed'>COVER</div>", "<a href=TRAP style='position:fixed;inset:0'>press</a>", "<div style='translate:-99px -99px;inset:0;top:0;z-index:9'>COVER</div>",
        "<div style='display:block;float:left;width:100%;margin-top:-50%'>COVER</div>", "<div style='inset:0;position:\\66 ixed'>COVER</div>", "<div style='POSITION:FIXED ! IMPORTANT;top:0'>COVER</div>", "<div style='position:var(--x,fixed)'>COVER</div>", "<p style='text-indent:-9999px'>COVER</p>", "<p style='margin:-1px'>COVER</p>",
        "<div style='position:fix/**/ed;position:fixed/**/;top:0'>COVER</div>", "<div style='rotate:9deg;scale:9;zoom:9;offset:path(\"M0 0\")'>COVER</div>", "<div style='width:4000em;height:9e9px'>COVER</div>", "<div style='column-count:1;writing-mode:vertical-rl;contain:none;isolation:isolate;z-index:9'>COVER</div>",
        "<details open><summary style='position:absolute;inset:0'>press</summary>COVER</details>", "<table style='position:fixed'><tr><td style='position:absolute;top:0'>COVER</table>", "<center style='position:fixed;top:0'>COVER</center>", "<font style='position:absolute'>COVER</font>", "<p style='line-height:99999px'>COVER</p>", "<p style='font-size:99999px'>COVER</p>",
        "<p style='padding:99999px'>COVER</p>", "<p style='border:99999px solid red'>COVER</p>", "<p style='letter-spacing:-99em;word-spacing:-999px'>COVER</p>", "<img height=99999 width=99999>", "<table height=9999999 cellpadding=999999><td>COVER</table>", "<hr size=99999>", "<style>@position-try --x{inset:0}</style><div style='position-anchor:--x;position:absolute'>COVER</div>",
    ],
    "H": [
        "<img src=TRAP>", "<img srcset='TRAP 1x, TRAP 2x' sizes=100vw>", "<picture><source srcset=TRAP><img></picture>", "<input type=image src=TRAP>", "<video src=TRAP poster=TRAP></video>", "<audio src=TRAP autoplay></audio>", "<video><source src=TRAP><track default src=TRAP></video>",
        "<body background=TRAP>", "<table background=TRAP><td background=TRAP>x</table>", "<link rel=icon href=TRAP>", "<link rel=preload as=image href=TRAP>", "<link rel=prefetch href=TRAP>", "<link rel=preconnect href=TRAP>", "<link rel=modulepreload href=TRAP>", "<iframe src=TRAP></iframe>",
        "<iframe srcdoc='<img src=TRAP>'></iframe>", "<object data=TRAP></object>", "<embed src=TRAP>", "<img src='//TRAPHOST/NUMBER'>", "<img src='\\\\TRAPHOST/NUMBER'>", "<img src=' h\nttp://TRAPHOST/NUMBER'>", "<script>navigator.sendBeacon('TRAP')</script>", "<image src=TRAP>",
        "<form id=f action=TRAP></form><img src=x: onerror=f.submit()>", "<img lowsrc=TRAP dynsrc=TRAP>", "<bgsound src=TRAP>", "<p style='background:url(data:image/svg+xml,%3Csvg/%3E) , url(TRAP)'>x</p>",
        "<link rel=dns-prefetch href=TRAP>", "<link rel=preload as=image imagesrcset='TRAP 1x'>", "<link rel='stylesheet alternate' title=x href=TRAP>", "<link rel=manifest href=TRAP>", "<link rel='apple-touch-icon' href=TRAP>", "<link rel=prerender href=TRAP>", "<link rel=import href=TRAP>", "<link rel=pingback href=TRAP>", "<link rel=compression-dictionary href=TRAP>",
        "<object type=image/svg+xml data=TRAP></object>", "<object><param name=movie value=TRAP><embed src=TRAP></object>", "<img src='data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22%3E%3Cimage href=%22TRAP%22/%3E%3C/svg%3E'>", "<img src='http&colon;//TRAPHOST/NUMBER'>", "<img src='/\\TRAPHOST/NUMBER'>", "<img src='http:\\\\TRAPHOST\\NUMBER'>",
        "<img src='&#x68;ttp://TRAPHOST/NUMBER'>", "<img src='h\tttp://TRAPHOST/NUMBER'>", "<img srcset=TRAP>", "<img src=TRAP loading=lazy>", "<img src=TRAP referrerpolicy=unsafe-url crossorigin=use-credentials>", "<picture><source media=all srcset='TRAP 9w' sizes=1px><img src=x:></picture>", "<video><source srcset=TRAP src=TRAP type=video/mp4></video>",
        "<svg><feImage xlink:href=TRAP /></svg>", "<svg><image href='data:image/svg+xml,<svg/>' xlink:href=TRAP /></svg>", "<body style='background-image:url(TRAP)' text=x link=TRAP>", "<tr background=TRAP><td>x", "<table><thead background=TRAP><th background=TRAP>x</th></thead></table>", "<div background=TRAP>x</div>", "<a href=TRAP rel='prefetch prerender dns-prefetch' class=preload>a link</a>",
        "<iframe src=//TRAPHOST/NUMBER loading=eager></iframe>", "<frameset><frame src=TRAP></frameset>", "<marquee><img src=TRAP></marquee>", "<noscript><img src=TRAP></noscript>", "<template><img src=TRAP></template><img src=TRAP>", "<ilayer src=TRAP></ilayer>", "<layer src=TRAP></layer>", "<xml src=TRAP></xml>", "<model src=TRAP></model>", "<track src=TRAP>",
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
