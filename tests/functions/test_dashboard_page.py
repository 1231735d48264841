"""The dashboard in a real browser: what it loads, that it works, that it fits a phone, in light and dark."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import Browser
from dataio.cloudapi import Access, CloudApi
from dataio.definitions import load
from dataio.signing_in import code_for
from functions.builders import Document, document, inventory, product, suggestion, user
from gardenshop.cloud.clock import DAY, HOUR, MINUTE, day_of, now_ms
from gardenshop.cloud.database import delete, find, insert, update
from harness import ROOT, A, B, user_id
from localcloud.server import LocalCloud

PHONE, DESKTOP = (360, 740), (1280, 900)


@pytest.fixture(scope="module")
def cloud() -> Iterator[CloudApi]:
    """A local cloud with a month of figures and an operator."""
    with LocalCloud(ROOT, data=None) as served:
        keys = served.credentials
        api = CloudApi(Access(served.url, served.env, keys.secret_id, keys.secret_key))
        for each in load():
            api.create_collection(each.name, each.permission)
        api.run([insert("users", user(A, roles=["operator"], nickname="值班掌柜")), insert("users", user(B))])
        api.run([insert("data_dashboard", figure) for figure in month()])
        api.run([insert("inventory", stock) for stock in wanting()])
        api.run([insert("products", product("tofu"))])
        api.url = served.url  # type: ignore[attr-defined]
        yield api


@pytest.fixture(name="page")
def _page(cloud: Any, browser: Browser) -> Iterator[Browser]:
    """The page as it opens for somebody who has not signed in; nothing may be complained of until the end."""
    browser.do("Storage.clearDataForOrigin", origin=cloud.url, storageTypes="all")
    browser.open("about:blank#")
    browser.view(*DESKTOP)
    browser.events.clear()
    browser.open(f"{cloud.url}/http/dashboard")
    browser.wait("!document.getElementById('enter').hidden")
    yield browser
    assert browser.complaints() == []


def figure(kind: str, day: str, metrics: Document, *, final: bool = True) -> Document:
    named = {"kind": kind, "day": day, "metrics": metrics, "inputs": {"at": now_ms()}, "final": final}
    return document("data_dashboard", id=f"{kind}:{day}", **named)


def month() -> Iterator[Document]:
    """Thirty days of a shop that grows, and how it stands."""
    today = now_ms()
    for ago in range(30):
        day, n = day_of(today - ago * DAY), 30 - ago
        sold = 80_000 + 3_000 * n + 17_000 * (n % 7 == 0)
        sales = {
            "orders": 9 + n,
            "gmvFen": sold,
            "refunds": n % 3,
            "refundFen": 2_150 * (n % 3),
            "buyers": 8 + n,
        }
        yield figure(
            "sales", day, {**sales, "netFen": sold, "newBuyers": n % 5, "averageFen": 9_000}, final=ago > 0
        )
        yield figure("funnel", day, {"viewed": 200 + n, "carted": 60 + n, "ordered": 20 + n, "paid": 8 + n})
        yield figure(
            "carbon", day, {"members": 30, "meals": 50, "savedG": 40_000 + 900 * n, "mealSavedG": 21_000}
        )
        book = {"given": 500, "spent": 120, "takenBack": 3, "lapsed": 4}
        yield figure("points", day, {"garden": book, "shop": book})
        steps = {"shown": 400, "clicked": 31, "carted": 9, "ordered": 4}
        yield figure(
            "recommendation", day, {"weights:control": steps, "<i>new</i>": {**steps, "clicked": 44}}
        )
    day = day_of(today)
    segments = {"champion": 12, "loyal": 30, "new": 25, "promising": 9, "at_risk": 17, "lost": 7}
    rates = {"repurchaseBp": 3120, "retentionBp": 2870}
    yield figure("loyalty", day, {"buyers": 100, "valueFen": 31_240, "segments": segments, **rates})
    cohort = {"buyers": 40, "repeated": 13, "valueFen": 28_800}
    active = {f"2026-{11 - n:02}": [40, *range(17, 17 - n, -1)] for n in reversed(range(10))}
    yield figure("cohorts", day, {month: {**cohort, "active": each} for month, each in active.items()})
    yield figure("liability", day, {"garden": 51_200, "shop": 9_310})
    fen = {"pendingFen": 1200, "confirmedFen": 5600, "settledFen": 8800, "paidFen": 12_000, "debtFen": 0}
    yield figure("commission", day, fen)
    yield figure("stock", day, {"skus": 33, "out": 2, "suggestions": 3, "costFen": 24_000})
    yield figure("laws", day, {"stock": {"checked": 33, "broken": 0, "examples": []}})
    counted = {"exposures": 900, "clicks": 80, "orders": 21, "gmvFen": 190_000, "couponsUsed": 7}
    campaign = figure("campaign", day, counted)
    yield {**campaign, "_id": f"campaign:{day}:term:2026-xiaoxue", "dimension": "term:2026-xiaoxue"}
    ended = {"outbox_pump": today - 11 * MINUTE, "nightly_close": today - 20 * HOUR}
    yield figure("timers", day, ended)
    yield figure("outbox", day, {"due": 3, "oldestDueAgeMs": 1000, "dead": 1})


TOFU = "北豆腐 500g"


def wanting() -> Iterator[Document]:
    """Stock of which something is proposed to be ordered, the best first, which alone is in a product."""
    reasons = ["现货 3 件，预计 2 天售完", "交货期 3 天"]
    supplier = {"supplierId": "north", "name": "<b>北仓</b>"}
    for place, sku_id in enumerate(("tofu-500g", "soy-500g", "nuts-500g")):
        terms = {"returnBp": 900 - place, "withinBudget": place < 2, "projection": coming(30 + place)}
        proposed = suggestion(sku_id, reasons=reasons, **terms)
        yield inventory(sku_id, 3, suggestion=proposed, supplier=supplier)


def coming(units: int) -> Document:
    """A shelf of three that gets *units* more tomorrow, or nothing."""

    def band(closing: list[int]) -> Document:
        return {"low": [n // 2 for n in closing], "expected": closing, "high": [2 * n for n in closing]}

    days, falling = day_of(now_ms()), [2, 1, *[0] * 12]
    return {
        "from": days,
        "stepDays": 1,
        "ordered": band([2, *range(units, units - 26, -2)]),
        "unordered": band(falling),
    }


def sign_in(page: Browser, cloud: CloudApi) -> None:
    code = code_for(cloud, user_id(A))
    page.run(f"document.getElementById('code').value = {json.dumps(code)}")
    page.run("document.querySelector('#enter button').click()")
    page.wait("!document.getElementById('board').hidden")


CHARTS = "[...document.querySelectorAll('.chart')]"
DRAWN = f"{CHARTS}.length && {CHARTS}.every((place) => place.querySelector('svg path'))"


def open_drawn(page: Browser, cloud: CloudApi) -> Browser:
    """Sign in and wait until every chart is drawn."""
    sign_in(page, cloud)
    page.wait(DRAWN)
    return page


def each_chart(page: Browser, script: str) -> Any:
    """Return what *script* comes to for each `place` of a chart, with its `option`."""
    option = "echarts.getInstanceByDom(place).getOption()"
    return page.run(f"{CHARTS}.map((place) => {{ const option = {option}; return {script}; }})")


def test_it_loads_little(page: Browser, cloud: Any) -> None:
    sign_in(page, cloud)
    page.events.clear()
    page.do("Network.setCacheDisabled", cacheDisabled=True)

    page.open(f"{cloud.url}/http/dashboard?again")
    page.wait(DRAWN)
    page.do("Network.setCacheDisabled", cacheDisabled=False)

    requests = [each["request"]["url"] for each in page.told("Network.requestWillBeSent")]
    loaded = sum(each["encodedDataLength"] for each in page.told("Network.loadingFinished"))
    assert len([url for url in requests if not url.startswith("data:")]) <= 3
    assert all(url.startswith((cloud.url, "data:")) for url in requests)
    assert 0 < loaded <= 400_000
    encodings = [
        each["response"]["headers"].get("content-encoding") for each in page.told("Network.responseReceived")
    ]
    assert encodings.count("gzip") == 3


def test_the_library_is_loaded_once(page: Browser, cloud: Any) -> None:
    sign_in(page, cloud)
    page.events.clear()

    page.open(f"{cloud.url}/http/dashboard?again")
    page.wait(DRAWN)

    kept = [
        each["response"]["fromDiskCache"]
        for each in page.told("Network.responseReceived")
        if "library=" in each["response"]["url"]
    ]
    kept += page.told("Network.requestServedFromCache")
    assert kept
    assert all(kept)


def test_an_operator_sees_everything_and_leaves(page: Browser, cloud: Any) -> None:
    sign_in(page, cloud)

    titles = page.run("[...document.querySelectorAll('#board h2')].map((each) => each.textContent)")
    assert titles == [
        "概览与计划对照",
        "每日成交与退款",
        "每日减碳",
        "转化漏斗",
        "会员分层（RFM）",
        "积分",
        "佣金",
        "同期群：按首购月份的留存",
        "推荐与实验",
        "节气活动",
        "运行状况",
        "库存与补货",
    ]
    assert page.run("document.body.textContent.includes('<b>北仓</b>')")
    lit = page.run(
        "[...document.querySelectorAll('td .good, td .wait, td .bad')].map((each) => each.className)"
    )
    assert lit == ["good", "bad", "bad", "good", "good"], (
        "a law, dead tasks, a late and a punctual timer, this"
    )
    assert page.run("document.cookie") == ""
    page.run("document.getElementById('leave').click()")
    page.wait("!document.getElementById('enter').hidden")
    assert page.run("document.getElementById('board').textContent") == ""


def test_a_shop_without_figures_says_so(page: Browser, cloud: Any) -> None:
    sign_in(page, cloud)

    page.run("view.figures = []; view.targets = {}; show()")

    said = page.run("[...document.querySelectorAll('#board .note')].map((each) => each.textContent)")
    assert page.run(f"{CHARTS}.length") == 1, "that of the suggestions, which are no figures"
    assert sum("暂无数据" in each for each in said) == 10


def test_charts_are_drawn_and_say_what_they_show(page: Browser, cloud: Any) -> None:
    open_drawn(page, cloud)

    drawn = each_chart(
        page, "[place.closest('section').querySelector('h2').textContent, option.series[0].type]"
    )
    assert drawn == [
        ["每日成交与退款", "line"],
        ["每日减碳", "line"],
        ["转化漏斗", "funnel"],
        ["会员分层（RFM）", "bar"],
        ["积分", "bar"],
        ["佣金", "bar"],
        ["同期群：按首购月份的留存", "heatmap"],
        ["推荐与实验", "custom"],
        ["库存与补货", "line"],
    ]
    assert all(each > 5 for each in each_chart(page, "place.querySelectorAll('svg path').length"))
    assert set(each_chart(page, "place.getAttribute('role')")) == {"img"}
    funnel = each_chart(page, "place.getAttribute('aria-label')")[2]
    assert funnel == (
        "转化漏斗。浏览 6,465 人次，占首步 100.0%；加购 2,265 人次，占首步 35.0%；"
        "下单 1,065 人次，占首步 16.5%；付款 705 人次，占首步 10.9%。"
    )
    assert each_chart(page, "option.aria.decal?.show || false") == [index == 4 for index in range(9)]


def test_the_table_behind_a_chart_has_its_numbers(page: Browser, cloud: Any) -> None:
    open_drawn(page, cloud)

    behind = each_chart(page, "[...place.nextSibling.querySelectorAll('td')].map((each) => each.textContent)")
    shown = each_chart(page, "option.series.map((each) => each.data.map((one) => one.value ?? one))")

    assert page.run("document.querySelectorAll('th:not([scope])').length") == 0
    assert page.run(
        "[...document.querySelectorAll('button, select')].every((each) => each.textContent.trim())"
    )
    sales, carbon, funnel, segments, points, commission, cohorts, _, coming = zip(shown, behind, strict=True)
    for (series, cells), show in ((sales, "yuan"), (carbon, "kilos")):
        assert [cells[place::3] for place in (1, 2)] == [
            page.run(f"{each[::-1]}.map({show})") for each in series
        ]
    assert funnel[1][1::4] == page.run(f"{funnel[0][0]}.map(count)")
    assert segments[1][1::3] == [str(n) for n in segments[0][0]]
    assert [points[1][1:5], points[1][7:11]] == [page.run(f"{each}.map(count)") for each in points[0]]
    assert commission[1][1::2] == page.run(f"{commission[0][0]}.map(yuan)")
    assert [each[2] for each in cohorts[0][0][:10]] == [float(each.rstrip("%")) for each in cohorts[1][4:14]]
    assert coming[1][1::3] == [f"{n}（{n // 2}–{2 * n}）" for n in coming[0][0]]


def test_a_finger_on_a_chart_is_told_in_words(page: Browser, cloud: Any) -> None:
    page.view(*PHONE, phone=True)
    open_drawn(page, cloud)

    page.run("document.querySelector('.chart').scrollIntoView({ block: 'center' })")
    left, top, width, height = page.run(
        "(({left, top, width, height}) => [left, top, width, height])"
        "(document.querySelector('.chart').getBoundingClientRect())"
    )
    finger = {"x": left + width - 20, "y": top + height / 2}
    page.do("Input.dispatchTouchEvent", type="touchStart", touchPoints=[finger])
    page.do("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    page.wait("document.querySelector('.tip')")

    told = page.run("[...document.querySelectorAll('.tip > *')].map((each) => each.textContent)")
    assert told == [f"{day_of(now_ms())}（未结束）", "成交额¥1,700.00", "退款¥0.00"]
    left, right = page.run(
        "(({left, right}) => [left, right])(document.querySelector('.tip').getBoundingClientRect())"
    )
    assert 0 <= left < right <= PHONE[0]


def test_what_charts_tell_is_text(page: Browser, cloud: Any) -> None:
    open_drawn(page, cloud)

    page.run(
        f"{CHARTS}.forEach((place) => echarts.getInstanceByDom(place)"
        ".dispatchAction({ type: 'showTip', seriesIndex: 0, dataIndex: 1 }))"
    )
    page.wait("document.querySelectorAll('.tip').length === 9")

    told = page.run("[...document.querySelectorAll('.tip')].map((each) => each.textContent)")
    assert told[3:8] == [
        "忠诚会员各层人数30 人 · 30.0%",
        "使用花园积分3,600商城积分3,600",
        "已确认待结算践行者佣金¥56.00",
        "2026-02 首购+1 月42.5%买家17 / 40",
        "<i>new</i>点击率（95% 区间）11.0% [10.5, 11.6]",
    ]
    assert page.run("document.querySelectorAll('.chart i').length") == 0


def test_charts_follow_the_theme_and_keep_what_was_hidden(page: Browser, cloud: Any) -> None:
    open_drawn(page, cloud)
    hide = "dispatchAction({ type: 'legendToggleSelect', name: '退款' })"
    page.run(f"echarts.getInstanceByDom({CHARTS}[0]).{hide}")
    assert inks(page) == {"#1d2620", "#586459", "#d9dfd6"}

    page.view(*DESKTOP, dark=True)
    page.wait("document.querySelector('.chart text').getAttribute('fill') === '#a8b4a9'")

    assert inks(page) == {"#e9efe8", "#a8b4a9", "#38423a"}, "ink, soft ink, and what is hidden in a legend"
    assert each_chart(page, "option.legend[0].selected")[0]["退款"] is False
    page.run("document.getElementById('theme').click()")
    assert inks(page) == {"#1d2620", "#586459", "#d9dfd6"}


def inks(page: Browser) -> set[str]:
    texts = "[...document.querySelectorAll('.chart text')].map((each) => each.getAttribute('fill'))"
    return set(page.run(f"new Promise(requestAnimationFrame).then(() => {texts})"))


def test_nothing_moves_for_who_asks_for_that(page: Browser, cloud: Any) -> None:
    open_drawn(page, cloud)
    assert all(each_chart(page, "option.animation"))

    page.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])

    page.wait(f"{CHARTS}.every((place) => !echarts.getInstanceByDom(place).getOption().animation)")


def test_charts_fit_a_phone_that_is_turned(page: Browser, cloud: Any) -> None:
    page.view(*PHONE, phone=True)
    open_drawn(page, cloud)
    upright = each_chart(page, "place.querySelector('svg').clientWidth")

    page.view(*reversed(PHONE), phone=True)
    page.wait(f"{CHARTS}.every((place) => place.querySelector('svg').clientWidth === place.clientWidth)")

    turned = each_chart(page, "place.querySelector('svg').clientWidth")
    assert max(upright) <= PHONE[0]
    assert turned[6] > 600, "that of a wide section"
    assert page.run("document.documentElement.scrollWidth") <= PHONE[1]


def test_a_library_that_comes_late_draws_then(page: Browser, cloud: Any) -> None:
    open_drawn(page, cloud)
    page.run("window.late = window.echarts, delete window.echarts, show()")
    assert page.run(f"{CHARTS}.length && {CHARTS}.every((place) => !place.childElementCount)")

    page.run("window.echarts = late, document.getElementById('library').dispatchEvent(new Event('load'))")

    page.wait(DRAWN)


def test_without_the_library_there_are_tables(page: Browser, cloud: Any) -> None:
    page.do("Network.setBlockedURLs", urls=["*library=*"])
    page.do("Network.setCacheDisabled", cacheDisabled=True)
    page.open(f"{cloud.url}/http/dashboard?again")

    sign_in(page, cloud)

    assert page.run(f"{CHARTS}.length") == 0
    assert page.run("document.querySelector('#board .note').textContent").startswith("图表未能载入")
    assert page.run("document.querySelectorAll('details[open] table').length") == 9
    page.do("Network.setBlockedURLs", urls=[])
    page.do("Network.setCacheDisabled", cacheDisabled=False)


def test_the_keyboard_alone_opens_tables_and_looks_ahead(page: Browser, cloud: Any) -> None:
    open_drawn(page, cloud)
    page.run("document.querySelector('summary').focus()")

    press(page, "Enter")
    press(page, "Tab")

    assert page.run("document.activeElement.getAttribute('aria-label')") == "每日成交与退款"
    assert page.run("document.activeElement.querySelectorAll('tbody tr').length") == 30
    page.run("document.querySelector('.outlook select').focus()")
    press(page, "ArrowDown")
    page.wait("document.querySelector('.outlook + div .chart svg path')")
    said = page.run("document.querySelector('.outlook + div .chart').getAttribute('aria-label')")
    assert said.startswith("soy-500g：未来库存（件）")


def test_figures_can_be_taken_away_as_a_table(page: Browser, cloud: Any) -> None:
    sign_in(page, cloud)

    assert page.run("cell('=1+1')") == "'=1+1"
    assert page.run("cell('a,\"b\"')") == '"a,""b"""'
    assert ["garden.given", 500] in page.run(
        "rowsOf(view.figures.find((each) => each.kind === 'points').metrics)"
    )


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_it_fits(page: Browser, cloud: Any, tmp_path: Path, size: tuple[int, int], *, dark: bool) -> None:
    page.view(*size, dark=dark, phone=size == PHONE)
    open_drawn(page, cloud)

    assert page.run("document.documentElement.scrollWidth") <= size[0]
    page.run("view.suggestions[0].title = 'x'.repeat(60), show()")
    assert page.run("document.documentElement.scrollWidth") <= size[0]
    back = page.run("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(20, 24, 21)") is dark
    page.run("document.getElementById('theme').click()")
    assert page.run("getComputedStyle(document.body).backgroundColor") != back
    page.run("document.getElementById('theme').click()")
    page.picture(tmp_path / f"{size[0]}-{'dark' if dark else 'light'}.png")


def test_a_wrong_code_is_said_to_be_wrong(cloud: Any, page: Browser) -> None:
    page.run("document.getElementById('code').value = 'ZZZZ-ZZZZ-ZZZZ'")
    page.run("document.querySelector('#enter button').click()")
    page.wait("document.getElementById('state').textContent.includes('登录码不对')")

    assert page.run("document.activeElement.id") == "code"
    assert len(page.complaints()) == 1  # Chromium tells of every 401.
    page.events.clear()
    assert code_for(cloud, user_id(B)) is None


@pytest.fixture(name="open_page")
def _open_page(page: Browser, cloud: Any) -> Browser:
    """The page of an operator who has signed in, with all suggestions open and no decision in the books."""
    everything = {collection: delete(collection, {}, limit=0) for collection in ("inventory", "stock_ledger")}
    cloud.run(list(everything.values()))
    cloud.run([insert("inventory", stock) for stock in wanting()])
    sign_in(page, cloud)
    return page


def press(page: Browser, key: str) -> None:
    """Press a key as a keyboard does."""
    number, text = {"Enter": (13, "\r"), "Tab": (9, ""), "ArrowDown": (40, "")}[key]
    named = {"key": key, "code": key, "windowsVirtualKeyCode": number, "text": text}
    page.do("Input.dispatchKeyEvent", type="keyDown", **named)
    page.do("Input.dispatchKeyEvent", type="keyUp", **named)


def said(page: Browser) -> str:
    page.wait("!document.querySelector('.deeds[aria-busy]')")
    text: str = page.run("document.getElementById('said').textContent")
    return text


def button(deed: str, title: str) -> str:
    return f"""document.querySelector('button[aria-label="{deed}：{title}"]')"""


def stock_of(cloud: CloudApi, sku_id: str) -> Document:
    ((found,),) = cloud.run([find("inventory", {"_id": sku_id})])
    return found


def test_a_click_orders_and_the_row_says_so(open_page: Browser, cloud: Any) -> None:
    page = open_page
    assert page.run("document.querySelectorAll('.deeds button').length") == 6
    page.events.clear()

    page.run(f"{button('采纳', TOFU)}.click(), {button('采纳', TOFU)}.click()")

    number = f"PO{day_of(now_ms()).replace('-', '')}-north"
    assert said(page) == f"{TOFU}：已采纳，订购 30 件，单号 {number}，预计 2026-11-30 到货。"
    rows = page.run("[...document.querySelectorAll('.deeds')].map((each) => each.textContent)")
    assert rows == ["✓ 已采纳", "采纳忽略", "采纳忽略"]
    assert len(page.told("Network.requestWillBeSent")) == 1
    assert page.run("document.getElementById('said').getAttribute('aria-live')") == "polite"
    stock = stock_of(cloud, "tofu-500g")
    assert (stock["inbound"], "suggestion" in stock) == (30, False)
    page.run("load()")
    page.wait("document.querySelectorAll('.deeds').length === 2")


def test_the_keyboard_alone_dismisses(open_page: Browser, cloud: Any) -> None:
    open_page.run(f"{button('忽略', 'soy-500g')}.focus()")

    press(open_page, "Enter")

    assert said(open_page) == "soy-500g：已忽略这条补货建议。"
    assert open_page.run("document.activeElement.textContent") == "✓ 已忽略"
    assert "suggestion" not in stock_of(cloud, "soy-500g")


def test_a_refusal_is_said_and_nothing_is_ordered(open_page: Browser, cloud: Any) -> None:
    cloud.run([update("inventory", {"_id": "nuts-500g"}, {"$set": {"suggestion.at": now_ms()}})])

    open_page.run(f"{button('采纳', 'nuts-500g')}.click()")

    assert said(open_page) == "nuts-500g：补货建议已变化，请刷新后重试"
    assert open_page.run(f"!{button('采纳', 'nuts-500g')}")
    assert stock_of(cloud, "nuts-500g").get("inbound", 0) == 0
    assert len(open_page.complaints()) == 1  # Chromium tells of every 409.
    open_page.events.clear()


def test_after_a_lost_reply_the_same_click_says_what_became_of_it(open_page: Browser) -> None:
    click = f"{button('采纳', TOFU)}.click()"
    lose = "window.real = window.fetch, window.fetch = async (...asked) => { await real(...asked); throw 0; }"
    open_page.run(f"{lose}; {click}")
    assert said(open_page) == f"{TOFU}：网络不通，不知是否已办成。请再点一次，不会重复。"

    open_page.run(f"window.fetch = real, {click}")

    assert said(open_page).startswith(f"{TOFU}：此前已采纳，订购 30 件，单号 ")


def test_who_has_left_elsewhere_is_asked_to_sign_in(open_page: Browser, cloud: Any) -> None:
    cloud.run([update("data_dashboard", {"kind": "signin"}, {"$set": {"metrics.left": True}}, multi=True)])

    open_page.run(f"{button('采纳', TOFU)}.click()")

    open_page.wait("document.getElementById('state').textContent === '登录已过期，请重新登录。'")
    assert open_page.run("document.activeElement.id") == "code"
    assert "suggestion" in stock_of(cloud, "tofu-500g")
    assert len(open_page.complaints()) == 1  # Chromium tells of every 401.
    open_page.events.clear()


def test_who_may_only_look_sees_no_buttons(open_page: Browser) -> None:
    open_page.run("view.may = []; show()")

    assert open_page.run("document.querySelectorAll('.deeds').length") == 0
    assert open_page.run("document.getElementById('board').textContent.includes('tofu-500g')")


def test_buttons_are_in_reach_on_a_phone(open_page: Browser) -> None:
    open_page.view(*PHONE, phone=True)

    places = open_page.run(
        "[...document.querySelectorAll('.deeds button')].map((each) => each.getBoundingClientRect())"
        ".map((box) => [box.left, box.right, box.height])"
    )

    assert all(0 <= left < right <= PHONE[0] and height >= 38 for left, right, height in places)
