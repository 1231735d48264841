"""What a reply says, in a line for people."""

from collections.abc import Iterable
from typing import Any

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Document
from gardenshop.rules.money import yuan
from gardenshop.rules.solar_terms import BY_KEY

_FIT = {"suits": "适合", "neutral": "一般", "not_advised": "不建议"}


def account(data: Document) -> str:
    """Say who logged in."""
    return f"{data['userId']}，花园积分 {data['gardenPoints']}，商城积分 {data['shopPoints']}"


def summary(data: Document) -> str:
    """Say what the questionnaire says."""
    return str(data["summary"])


def reasons(data: Document) -> str:
    """List what is recommended and why."""
    shown = (
        f"{item['title']}（{'；'.join(each['text'] for each in item['reasons'])}）" for item in data["items"]
    )
    return f"今日{data['term']}\n" + "\n".join(shown)


def prepared(data: Document) -> str:
    """Say of how many products something was learnt."""
    return f"学到了 {data['productsPrepared']} 种商品的买法"


def campaigns(data: Document) -> str:
    """Name the campaigns of the present and the coming solar terms."""
    return "、".join(f"{BY_KEY[each.rpartition('-')[2]].name}时令" for each in data["campaigns"])


def rule(data: Document) -> str:
    """Say which version it is about, how it differs, and what yesterday would have come to."""
    version = data["versions"][0]
    state = {"draft": "草稿", "live": "生效", "old": "已替换"}[version["state"]]
    lines = [f"{version['ruleId']} 第 {version['version']} 版：{state}"]
    lines += [
        f"{each['path']}：{each.get('before')} → {each.get('after')}" for each in data.get("changes") or ()
    ]
    tried = data.get("simulation")
    return "\n".join([*lines, f"昨日 {tried['orders']} 单，{tried['differ']} 单会不同"] if tried else lines)


def titles(data: Document) -> str:
    """List the products found."""
    return "、".join(card["title"] for card in data["products"])


def product(data: Document) -> str:
    """Say how a product suits, and its carbon with the source."""
    fit = data["fit"]
    suits = f"{data['title']}：{_FIT[fit['verdict']]} {'；'.join(fit['reasons'])}"
    return f"{suits}\n每件约 {data['carbonG']} g CO2e，{data['carbonSource']}"


def cart(data: Document) -> str:
    """List the lines with price and fit, then the total."""
    lines = [_line(line) for line in data["lines"]]
    return "\n".join([*lines, f"应付 ¥{yuan(data['payableFen'])}（含运费 ¥{yuan(data['freightFen'])}）"])


def _line(line: dict[str, Any]) -> str:
    mark = "☑" if line["selected"] else "☐"
    fit = line["fit"]
    why = f"：{'；'.join(fit['reasons'])}" if fit["reasons"] else ""
    return (
        f"{mark} {line['title']} {line['spec']} ×{line['quantity']}  ¥{yuan(line['totalFen'])}  "
        f"{_FIT[fit['verdict']]}{why}"
    )


def trace(data: Document) -> str:
    """Say how the price came about."""
    return "\n".join([*data["trace"], f"应付 ¥{yuan(data['payableFen'])}"])


def exchanged(data: Document) -> str:
    """Say what became of how many points."""
    return f"花园 −{data['taken']}，商城 +{data['gained']}，{day_of(data['expiresAt'])} 前可用"


def placed(data: Document) -> str:
    """Say which order waits for how much."""
    return f"订单 {data['orderNo']}，待付 ¥{yuan(data['payableFen'])}"


def garden(data: Document) -> str:
    """List the plants."""
    plants = (
        f"{plant['name']}·{plant['stageName']}，长成 {plant['growthBp'] / 100:.0f}%"
        for plant in data["plants"]
    )
    return f"{'、'.join(plants)}；花园积分 {data['points']}，经验 {data['xp']}"


def tasks(data: Document) -> str:
    """Say how many tasks were done."""
    return f"完成 {data['done']} 项待办 · {data['done']} tasks done"


def points(data: Document) -> str:
    """Say both balances and the last entries."""
    garden_book, shop = data["garden"], data["shop"]
    books = f"花园 {garden_book['available']}，商城 {shop['available']}（待定 {shop['pending']}）"
    return "\n".join([books, *(_entry(entry) for entry in data["entries"])])


def _entry(entry: dict[str, Any]) -> str:
    return f"{entry['delta']:+d} {entry['label']} {entry.get('note', '')}".rstrip()


def order(data: Document) -> str:
    """Say what the order did to the garden."""
    (shown,) = data["orders"]
    fed = shown["garden"]
    return f"{shown['label']}，估算减碳 {fed['savedG']} g，花园积分 +{fed['points']}"


def timeouts(data: Document) -> str:
    """Say how many orders were closed."""
    return f"关闭 {data['cancelled']} 单 · {data['cancelled']} order cancelled"


def restock(stock: Iterable[Document]) -> str:
    """List what to reorder and why."""
    lines = (
        f"{each['_id']} 订 {each['suggestion']['quantity']} 件：{'；'.join(each['suggestion']['reasons'])}"
        for each in stock
        if "suggestion" in each
    )
    return "\n".join(lines)


def stock(data: Document) -> str:
    """What is on hand of a SKU."""
    units = data["stock"]
    counted = f"在库 {units['onHand']}，可售 {units['available']}，破损 {units['damaged']}"
    return f"{counted} · on hand, for sale, damaged"


def review(data: Document) -> str:
    """Say whether the review is shown."""
    return "已展示 · shown" if data["state"] == "shown" else "待审核 · waits for a person"


def reviews(data: Document) -> str:
    """Count the reviews and quote them."""
    counts = data["counts"]
    quotes = (
        f"{each['nickname']} {'★' * each['score']} {each['text']}{_answer(each)}" for each in data["reviews"]
    )
    return "\n".join([f"{counts['all']} 条，好评 {counts['good']}", *quotes])


def _answer(review: dict[str, Any]) -> str:
    return f"（{review['reply']['by']}：{review['reply']['text']}）" if "reply" in review else ""


def dish(data: Document) -> str:
    """List the packs, their price and their carbon."""
    packs = [
        f"{each['name']} {each['grams']} g → {each['title']} {each['spec']} ×{each['quantity']}"
        for each in data["packs"]
    ]
    missing = [f"{each['name']}：{each['reason']}" for each in data["missing"]]
    return "\n".join([*packs, *missing, f"共 ¥{yuan(data['totalFen'])}，估算 {data['carbonG']} g CO2e"])


def refusal(data: Document) -> str:
    """Say what was refused."""
    return f"{data['code']} {data['error']}：{data['message']}"


def shipped(data: Document) -> str:
    """Say what became of the order and how many parcels there are."""
    return f"{data['status']}，共 {len(data['shipmentNos'])} 个包裹，还剩 {data['left']} 件待发"


def received(data: Document) -> str:
    """Say until when units can be given back."""
    return f"售后截止 {day_of(data['closeAt'])} 零点 · until midnight"


def after_sale(data: Document) -> str:
    """Say where an after-sale stands and what it gives back."""
    sale = data["afterSale"]
    cash = sale["amounts"]["cashFen"] + sale["amounts"]["freightFen"]
    return f"{sale['label']}，退款 ¥{yuan(cash)}"


def offers(data: Document) -> str:
    """List what can be claimed, and what she has."""
    shown = (f"{each['name']}，还剩 {each['left']} 张，{each.get('why', '可领')}" for each in data["offered"])
    return "\n".join([*shown, mine(data)])


def mine(data: Document) -> str:
    """List the coupons she has."""
    return f"我的券：{'、'.join(each['name'] for each in data['mine'])}"


def coupon(data: Document) -> str:
    """Say what was claimed and until when it is good."""
    return f"{data['name']}，有效期至 {day_of(data['until'])}"


def choices(data: Document) -> str:
    """List the coupons with what each takes off, or why it does not."""
    coupons = data["coupons"]
    usable = (f"{each['name']} −¥{yuan(each['offFen'])}" for each in coupons["usable"])
    return "\n".join([*usable, *(f"{each['name']}：{each['why']}" for each in coupons["others"])])


def status(data: Document) -> str:
    """Say where the order stands."""
    return str(data["status"])


def batch(data: Document) -> str:
    """Say how far the batch has come."""
    return f"{data['campaignId']} 已发 {data['batch']['issued']} 张，{data['batch']['pages']} 页待办"


def commission(data: Document) -> str:
    """Say the balances of a commission and its last entries."""
    pending, settled = yuan(data["pendingFen"]), yuan(data["settledFen"])
    entries = [
        f"{entry['label']} {entry['order']}" if "order" in entry else entry["label"]
        for entry in data.get("entries", ())
    ]
    return "\n".join([f"待确认 ¥{pending}，可提现 ¥{settled}", *entries])


def completed(data: Document) -> str:
    """Say how many orders were completed."""
    return f"完成 {data['completed']} 单 · {data['completed']} orders completed"


def settled(data: Document) -> str:
    """Say how many practitioners' months were settled."""
    return f"结算 {data['commissionsSettled']} 位践行者 · {data['commissionsSettled']} settled"


def payout(data: Document) -> str:
    """Say what was paid."""
    return f"已支付 ¥{yuan(data['amountFen'])}，单号 {data['payoutNo']}"


def knowledge(data: Document) -> str:
    """Say the term, the quote, and what can be learned and cooked today."""
    term = data["term"]
    shown = [f"{term['name']}，{term['daysToNext']} 天后{term['next']['name']}", data["quote"]["body"]]
    shown += [f"课程《{each['title']}》{each['points']} 分" for each in data["lessons"]]
    return "\n".join([*shown, *(f"{each['title']}，约 {each['carbonG']} g CO2e" for each in data["recipes"])])


def marks(data: Document) -> str:
    """Say how a quiz went."""
    verdict = f"通过，积分 {data['points']}" if data["passed"] else "未通过，可以再试"
    return f"{data['scoreBp'] // 100}%，{verdict}，连续学习 {data['streakDays']} 天"


def tracked(data: Document) -> str:
    """Say how many events were kept."""
    return f"记下 {data['stored']} 条 · {data['stored']} kept"


def practitioner(data: Document) -> str:
    """Say who a practitioner is and what she vouches for."""
    shown = data["profile"]
    vouched = "、".join(each["title"] for each in shown["certifications"] if "title" in each)
    return f"{shown['name']}，{shown['region']}：{shown['intro']}\n认证：{vouched}"


def exported(data: Document) -> str:
    """Say which collection the page is of, and which of her fields it shows."""
    page = data["page"]
    return f"{page['title']}：{'、'.join(page['documents'][0])}"


def link(data: Document) -> str:
    """Say how long a link counts."""
    return f"{data['token'][:40]}…，有效至 {day_of(data['expiresAt'])}"
