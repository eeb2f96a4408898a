"""The HTML around the scripts (layer 5): which pages there are, and their links, right wherever the app is mounted."""

from __future__ import annotations

from html import escape
from string import Template

__all__ = ["PAGES", "login_page", "message_page", "page"]

PAGES = {"/": "Models", "/model": "Model", "/compare": "Compare", "/alerts": "Alerts", "/baselines": "Baselines"}
_MENU = ("/", "/compare", "/alerts", "/baselines")

_DOCUMENT = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title · driftwatch</title>
<link rel="icon" href="$root/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="$root/static/style.css">
<link rel="stylesheet" href="$root/static/dashboard.css">
$scripts</head>
<body data-root="$root" data-page="$page">
<a class="skip" href="#main">To the content</a>
<header class="bar"><div class="wrap">
<a class="brand" href="$root/">driftwatch</a>
$menu</div></header>
<main id="main" class="wrap">
$main</main>
</body>
</html>
""")
_SCRIPTS = ("core.js", "charts.js", "requests.js", "parts.js", "heatmap.js", "pages.js", "compare.js", "dashboard.js")


def page(path: str, root: str, *, signed_in: bool) -> bytes:
    """Return one of `PAGES`; a script fills it.

    Parameters
    ----------
    path : str
        Which one.
    root : str
        Where the app is mounted.
    signed_in : bool
        Whether there is a session that can be ended.
    """
    main = (
        f'<h1 id="title">{PAGES[path]}</h1>\n<p id="status" role="status" class="muted">Loading …</p>\n'
        '<div id="content"></div>\n<noscript><p class="panel">This page is drawn by a script. Without one, the same '
        f'data are at <a href="{escape(root)}/api/streams">{escape(root)}/api/streams</a> as JSON.</p></noscript>\n'
    )
    return _document(path, PAGES[path], root, main, signed_in=signed_in, scripts=_SCRIPTS)


def login_page(root: str, target: str, *, failed: bool) -> bytes:
    """Return the page that asks for the token.

    Parameters
    ----------
    root, target : str
        Where the app is mounted, and the path within it that was asked for.
    failed : bool
        Whether a token was given that is not the one.
    """
    told = '<p class="wrong" role="alert">That is not the token.</p>\n' if failed else ""
    main = (
        f'<form class="panel login" method="post" action="{escape(root)}/login">\n<h1>Sign in</h1>\n'
        f"{told}"
        # for password managers, which want a name beside it
        '<input type="text" name="username" value="driftwatch" autocomplete="username" hidden>\n'
        '<label for="token">Token of this dashboard</label>\n'
        '<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>\n'
        f'<input type="hidden" name="next" value="{escape(target)}">\n'
        '<button class="button" type="submit">Sign in</button>\n</form>\n'
    )
    return _document("/login", "Sign in", root, main, signed_in=False, scripts=())


def message_page(root: str, title: str, text: str, *, signed_in: bool = False) -> bytes:
    """Return a page that says one thing, such as why there is no other."""
    main = (
        f'<section class="panel">\n<h1>{escape(title)}</h1>\n<p class="name">{escape(text)}</p>\n'
        f'<p><a href="{escape(root)}/">To the models</a></p>\n</section>\n'
    )
    return _document("/message", title, root, main, signed_in=signed_in, scripts=())


def _document(path: str, title: str, root: str, main: str, *, signed_in: bool, scripts: tuple[str, ...]) -> bytes:
    shown = escape(root)
    links = "".join(
        f'<a href="{shown}{other}"{" aria-current=page" if other == path else ""}>{PAGES[other]}</a>\n'
        for other in _MENU
    )
    leave = (
        f'<form method="post" action="{shown}/logout"><button class="link" type="submit">Sign out</button></form>\n'
        if signed_in
        else ""
    )
    text = _DOCUMENT.substitute(
        title=escape(title),
        root=shown,
        page=escape(path.strip("/") or "models"),
        menu="" if path == "/login" else f'<nav aria-label="Pages">\n{links}</nav>\n{leave}',
        main=main,
        scripts="".join(f'<script defer src="{shown}/static/{name}"></script>\n' for name in scripts),
    )
    return text.encode("utf-8", "backslashreplace")
