const here = location.pathname;
let view = null;

// Building elements: text is always text.
function h(tag, attributes, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

// Numbers as people read them.
const count = (n) => (n ?? 0).toLocaleString("zh-CN");
const yuan = (fen) => "¥" + ((fen ?? 0) / 100).toLocaleString("zh-CN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const kilos = (g) => ((g ?? 0) / 1000).toLocaleString("zh-CN", { maximumFractionDigits: 1 }) + " kg";
const rate = (bp) => (bp === undefined || bp === null ? "—" : (bp / 100).toFixed(1) + "%");
const share = (part, whole) => (whole ? ((100 * part) / whole).toFixed(1) + "%" : "—");
const moment = (at) => new Date(at + 8 * 3600e3).toISOString().slice(0, 16).replace("T", " ");
const total = (rows, name) => rows.reduce((sum, row) => sum + (row.metrics[name] || 0), 0);

function of(kind) { return view.figures.filter((each) => each.kind === kind); }
function last(kind) { return of(kind).at(-1); }

// A table; each column is [title, how a row shows it, the class of its cells, true for long text].
function table(caption, columns, rows) {
  const look = (kind) => (kind ? { class: kind === true ? "text" : kind } : {});
  const head = h("tr", {}, ...columns.map(([title, , kind]) => h("th", { scope: "col", ...look(kind) }, title)));
  const body = rows.map((row) => h("tr", {}, ...columns.map(([, show, kind]) => h("td", look(kind), show(row)))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, ...body)));
}
function section(title, parts, wide) {
  const made = h("section", wide ? { class: "wide" } : {}, h("h2", {}, title), ...parts.filter(Boolean));
  $("board").append(made);
}
function note(text) { return h("p", { class: "note" }, text); }
const EMPTY = "暂无数据：每晚汇总一次，次日可见。";

function overview() {
  const sales = of("sales"), loyalty = last("loyalty")?.metrics || {}, targets = view.targets;
  const orders = total(sales, "orders"), gmv = total(sales, "gmvFen");
  const month = of("sales").filter((each) => each.day.slice(0, 7) === view.today.slice(0, 7));
  const sold = total(month, "gmvFen");
  const cards = [
    ["成交额", yuan(gmv), `退款 ${yuan(total(sales, "refundFen"))}`],
    ["净成交额", yuan(total(sales, "netFen")), targets.gmvFen ? against(sold, targets.gmvFen, yuan, "本月成交") : ""],
    ["订单数", count(orders), ""],
    ["客单价", orders ? yuan(Math.floor(gmv / orders)) : "—", ""],
    ["新客", count(total(sales, "newBuyers")), "首次付款的会员"],
    ["复购率", rate(loyalty.repurchaseBp), against(loyalty.repurchaseBp, targets.repurchaseBp, rate, "")],
    ["留存率", rate(loyalty.retentionBp), against(loyalty.retentionBp, targets.retentionBp, rate, "")],
    ["人均累计消费", yuan(loyalty.valueFen), `共 ${count(loyalty.buyers)} 位买家`],
    ["减碳", kilos(total(of("carbon"), "savedG")), "餐食与购买合计"],
  ];
  section("概览与计划对照", [
    h("dl", { class: "cards" }, ...cards.map(([name, value, small]) => h("div", {}, h("dt", {}, name), h("dd", {}, value, h("small", {}, small))))),
    note("复购率：近 90 天买过的会员中，买过两次及以上的占比。留存率：前 30–60 天买过的会员中，近 30 天又买的占比。"),
  ], true);
}
function against(value, target, show, name) {
  if (target === undefined) return "";
  const known = value !== undefined;
  const ok = known && value >= target;
  return h("span", { class: ok ? "good" : "bad" }, `${name}${ok ? "✓ 达到" : known ? "✗ 未到" : "尚无数据，"}计划 ${show(target)}`);
}

function funnel() {
  const rows = of("funnel");
  if (!rows.length) return section("转化漏斗", [note(EMPTY)]);
  const stages = [["viewed", "浏览"], ["carted", "加购"], ["ordered", "下单"], ["paid", "付款"]].map(([key, name], place, all) => ({
    name, n: total(rows, key), before: place ? total(rows, all[place - 1][0]) : 0,
  }));
  section("转化漏斗", [
    ...narrowing("转化漏斗", stages, table("人次，每天按会员去重", [
      ["步骤", (s) => s.name], ["人次", (s) => count(s.n)], ["占首步", (s) => share(s.n, stages[0].n)], ["较上步", (s) => (s.before ? share(s.n, s.before) : "—")],
    ], stages)),
    note("到达后一步即视为经过前一步；行为只记录同意过的会员。"),
  ]);
}

const SEGMENTS = { champion: "核心会员", loyal: "忠诚会员", new: "新会员", promising: "潜力会员", at_risk: "将流失", lost: "已流失" };
function loyalty() {
  const found = last("loyalty");
  if (!found) return section("会员分层（RFM）", [note(EMPTY)]);
  const { segments, buyers } = found.metrics;
  const items = Object.entries(segments).map(([key, n]) => ({ name: SEGMENTS[key] || key, value: n, text: `${count(n)} 人 · ${share(n, buyers)}` }));
  section("会员分层（RFM）", [
    ...bars("各层人数", items, onAxis.count, table("按最近一次、次数、金额分层", [["分层", (s) => s.name], ["人数", (s) => count(s.value)], ["占比", (s) => share(s.value, buyers)]], items)),
    note(`截至 ${moment(found.inputs.at)}`),
  ]);
}
function cohorts() {
  const months = Object.entries(last("cohorts")?.metrics || {});
  if (!months.length) return section("同期群：按首购月份的留存", [note(EMPTY)], true);
  const most = Math.max(...months.map(([, each]) => each.active.length));
  const later = Array.from({ length: most }, (_, i) => (i ? `+${i} 月` : "当月"));
  const shares = later.map((name, i) => [name, ([, each]) => (i < each.active.length ? share(each.active[i], each.buyers) : "")]);
  section("同期群：按首购月份的留存", heat("各月仍有购买的占比", months, later, table("各月仍有购买的占比", [
    ["首购月", ([month]) => month], ["人数", ([, each]) => count(each.buyers)], ["复购", ([, each]) => share(each.repeated, each.buyers)], ["人均累计", ([, each]) => yuan(each.valueFen)], ...shares,
  ], months)), true);
}

function recommendation() {
  const sums = {};
  for (const { metrics } of of("recommendation")) for (const [variant, each] of Object.entries(metrics)) {
    const into = (sums[variant] ||= { shown: 0, clicked: 0, carted: 0, ordered: 0 });
    for (const step in into) into[step] += each[step] || 0;
  }
  const rows = Object.entries(sums).map(([name, s]) => [name === "-" ? "不在实验中" : name, s]);
  if (!rows.length) return section("推荐与实验", [note(EMPTY)], true);
  const rates = rows.map(([name, s]) => [name, wilson(s.clicked, s.shown)]).filter(([, each]) => each);
  const behind = table("曝光 → 点击 → 加购 → 下单，按实验分组", [
    ["分组", ([name]) => name], ["曝光", ([, s]) => count(s.shown)], ["点击", ([, s]) => count(s.clicked)],
    ["点击率（95% 区间）", ([, s]) => within(wilson(s.clicked, s.shown))], ["加购", ([, s]) => count(s.carted)], ["下单行数", ([, s]) => count(s.ordered)], ["下单/曝光", ([, s]) => share(s.ordered, s.shown)],
  ], rows);
  section("推荐与实验", [
    ...(rates.length ? intervals("点击率（95% 区间）", rates, behind) : [behind]),
    note("区间按曝光计，同一会员多次曝光会使其偏窄；定论请用 scripts/evaluate.py uplift。"),
  ], true);
}
// The rate and its interval in per cent, lowest first.
function wilson(part, whole) {
  if (!whole || part > whole) return null;
  const z = 1.96, p = part / whole, d = 1 + (z * z) / whole;
  const middle = (p + (z * z) / (2 * whole)) / d, half = (z * Math.sqrt((p * (1 - p)) / whole + (z * z) / (4 * whole * whole))) / d;
  return [100 * Math.max(0, middle - half), 100 * p, 100 * (middle + half)];
}
const within = (rate) => (rate ? `${rate[1].toFixed(1)}% [${rate[0].toFixed(1)}, ${rate[2].toFixed(1)}]` : "—");

function ledgers() {
  const rows = of("points"), owed = last("liability")?.metrics, commission = last("commission")?.metrics;
  const books = [["garden", "花园积分"], ["shop", "商城积分"]].map(([key, name]) => ({ key, name }));
  const sum = (book, what) => rows.reduce((all, row) => all + row.metrics[book][what], 0);
  const moves = [["given", "发放"], ["spent", "使用"], ["lapsed", "过期"], ["takenBack", "收回"]];
  section("积分", rows.length ? groups("期间积分变动", moves.map(([, name]) => name), books.map(({ key, name }) => ({ name, data: moves.map(([what]) => sum(key, what)) })), table("期间变动与现有负债", [
    ["账本", (b) => b.name], ...moves.map(([what, name]) => [name, (b) => count(sum(b.key, what))]), ["负债", (b) => (owed ? count(owed[b.key]) : "—")],
  ], books)) : [note(EMPTY)]);
  if (!commission) return section("佣金", [note(EMPTY)]);
  const states = [
    ["待确认", commission.pendingFen], ["已确认待结算", commission.confirmedFen], ["可提现（应付）", commission.settledFen], ["已付", commission.paidFen], ["欠扣", commission.debtFen],
  ].map(([name, fen]) => ({ name, value: fen, text: yuan(fen) }));
  section("佣金", bars("践行者佣金", states, onAxis.yuan, table("践行者佣金", [["状态", (s) => s.name], ["金额", (s) => s.text]], states)));
}

const CAMPAIGN = [["exposures", "曝光"], ["clicks", "点击"], ["orders", "订单"], ["buyers", "买家"], ["newBuyers", "新客"], ["gmvFen", "成交额"], ["discountFen", "优惠"], ["couponsIssued", "发券"], ["couponsUsed", "用券"], ["budgetUsedFen", "已用预算"]];
function campaigns() {
  const rows = of("campaign");
  section("节气活动", rows.length ? [table("各节气活动的结果", [
    ["日期", (row) => row.day], ["活动", (row) => row.dimension || ""], ...CAMPAIGN.map(([name, title]) => [title, (row) => plain(name, row.metrics[name])]),
  ], [...rows].reverse())] : [note(EMPTY)], true);
}
function plain(name, value) {
  if (value === undefined) return "—";
  return name.endsWith("Fen") ? yuan(value) : count(value);
}

// Minutes within which a timer must have come to its end again; what is not named runs once a day.
const EVERY = { outbox_pump: 10, order_timeout: 10, solar_term_campaign: 30 };
const punctual = (name, at) => Date.now() - at < 60e3 * (EVERY[name] || 26 * 60);
const LAWS = { stock: "库存", points: "积分", orders: "订单金额", coupons: "券的张数", locks: "占用的券", commission: "佣金", garden: "入园", shape: "资料格式", pending: "未结流水", bill: "微信账单" };
function lights() {
  const rows = [], laws = last("laws"), outbox = last("outbox")?.metrics, restock = last("restock");
  const timers = Object.assign({}, ...of("timers").map((each) => each.metrics));
  if (laws) for (const [law, each] of Object.entries(laws.metrics)) rows.push([each.broken ? "bad" : "good", `账目：${LAWS[law] || law}`, `检查 ${count(each.checked)}，不符 ${count(each.broken)}${each.broken ? "：" + [].concat(each.examples || []).join("、") : ""}`]);
  if (outbox) rows.push([outbox.dead ? "bad" : outbox.oldestDueAgeMs > 600e3 ? "wait" : "good", "待办任务", `待办 ${count(outbox.due)}，最久 ${Math.round((outbox.oldestDueAgeMs || 0) / 60e3)} 分钟，失败 ${count(outbox.dead)}`]);
  for (const [name, at] of Object.entries(timers)) rows.push([punctual(name, at) ? "good" : "bad", `定时器：${name}`, `最近一次完成于 ${moment(at)}`]);
  if (restock) rows.push([restock.final ? "good" : "wait", "补货检查", `${restock.day} ${restock.final ? "已完成" : "进行中"}，已查 ${count(restock.metrics.checked)}`]);
  const sales = last("sales");
  rows.push([sales ? "good" : "wait", "看板汇总", sales ? `最近一次 ${moment(sales.inputs.at)}` : "还没有汇总过"]);
  const words = { good: "● 正常", wait: "◐ 留意", bad: "▲ 异常" };
  section("运行状况", [table("账目、任务与定时器", [["状态", ([state]) => h("span", { class: state }, words[state])], ["项目", ([, name]) => name, true], ["说明", ([, , text]) => text, true]], rows)], true);
}

function stock() {
  const found = last("stock"), s = found?.metrics, open = view.suggestions;
  const said = h("p", { id: "said", role: "status", "aria-live": "polite" });
  section("库存与补货", [
    s && h("p", {}, `共 ${count(s.skus)} 个 SKU，`, h("span", { class: s.out ? "bad" : "good" }, `缺货 ${count(s.out)} 个`), `；补货建议 ${count(s.suggestions)} 条，合计 ${yuan(s.costFen)}。`),
    s ? note(`截至 ${moment(found.inputs.at)}`) : note(EMPTY),
    open.length ? table("当前待处理的补货建议（每一分钱收益最高的在前）", [
      ["商品", (p) => h("span", {}, p.title, h("small", {}, p.skuId)), true], ["数量", (p) => count(p.quantity)], ["成本", (p) => yuan(p.costFen)], ["供应商", (p) => p.supplier || "—"], ["预计到货", (p) => p.arrivesOn], ["预算内", (p) => (p.withinBudget ? "是" : "否")], ["理由", (p) => p.reasons.join("；"), true],
      ...(view.may.length ? [["处理", deeds, "deed"]] : []),
    ], open) : note("没有待处理的补货建议。"),
    said,
    ...(open.length ? outlook(open) : []),
  ], true);
}
function outlook(open) {
  const chosen = h("select", {}, ...open.map((p) => h("option", {}, p.title))), part = h("div", {});
  const look = () => {
    const opened = part.querySelector("details")?.open;
    forget(part);
    part.append(...ahead(open[chosen.selectedIndex]));
    if (opened) part.querySelector("details").open = true;
  };
  chosen.addEventListener("change", look);
  look();
  return [h("p", { class: "outlook" }, h("label", {}, "未来库存 ", chosen)), part, note("括号内与阴影：八成可能的范围。")];
}
const DEEDS = { accept: ["采纳", "已采纳"], dismiss: ["忽略", "已忽略"] };
function deeds(suggestion) {
  const made = h("div", { class: "deeds" });
  for (const action of view.may) {
    const button = h("button", { type: "button", "aria-label": `${DEEDS[action][0]}：${suggestion.title}` }, DEEDS[action][0]);
    button.addEventListener("click", () => decide(action, suggestion, made));
    made.append(button);
  }
  return made;
}
// Whoever does the same again is told that it is done, so a click that found no reply may be repeated.
async function decide(action, { skuId, title, suggestionId, at }, row) {
  if (row.getAttribute("aria-busy")) return;
  row.setAttribute("aria-busy", "true");
  const tell = (text) => $("said")?.replaceChildren(`${title}：${text}`);
  tell("正在处理…");
  try {
    const reply = await post({ action, skuId, suggestionId, suggestedAt: at }, view.seal);
    if (reply.ok) { ended(row, "good", `✓ ${DEEDS[action][1]}`); tell(outcome(action, await reply.json())); }
    else if (reply.status === 401) { signedIn(false); say("登录已过期，请重新登录。"); $("code").focus(); }
    else {
      const text = await failure(reply);
      if (reply.status === 409) ended(row, "wait", "未处理");
      tell(text);
    }
  } catch { tell("网络不通，不知是否已办成。请再点一次，不会重复。"); }
  row.removeAttribute("aria-busy");
}
function outcome(action, { units, orderNo, expectedOn, repeated }) {
  const before = repeated ? "此前" : "";
  return action === "accept" ? `${before}已采纳，订购 ${count(units)} 件，单号 ${orderNo}，预计 ${expectedOn} 到货。` : `${before}已忽略这条补货建议。`;
}
function ended(row, light, text) {
  const had = row.contains(document.activeElement);
  const made = h("span", { class: light, tabindex: "-1" }, text);
  row.replaceChildren(made);
  if (had) made.focus({ preventScroll: true });
}

function show() {
  forget($("board"));
  if (tablesOnly) $("board").append(h("p", { class: "note", role: "status" }, "图表未能载入，以下以表格显示全部数据；刷新页面可再试。"));
  $("who").textContent = view.operator;
  overview();
  section("每日成交与退款", lines("每日成交与退款", of("sales"), [
    { name: "成交额", of: (row) => row.metrics.gmvFen || 0, show: yuan, axis: onAxis.yuan }, { name: "退款", of: (row) => row.metrics.refundFen || 0, show: yuan },
  ]));
  section("每日减碳", lines("每日减碳", of("carbon"), [{ name: "减碳", of: (row) => row.metrics.savedG || 0, show: kilos, axis: onAxis.kilos }, { name: "其中餐食", of: (row) => row.metrics.mealSavedG || 0, show: kilos }]));
  funnel(); loyalty(); ledgers(); cohorts(); recommendation(); campaigns(); lights(); stock();
  signedIn(true);
}

// Every figure as a row, for spreadsheets; a leading apostrophe keeps texts from becoming formulas.
function rowsOf(value, path = "") {
  if (value === null || typeof value !== "object") return [[path, value]];
  return Object.entries(value).flatMap(([name, each]) => rowsOf(each, path ? `${path}.${name}` : name));
}
function cell(value) {
  const text = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
function csv() {
  const rows = [["kind", "day", "dimension", "final", "metric", "value"]];
  const open = view.suggestions.map((each) => ({ kind: "suggestion", day: view.today, dimension: each.skuId, final: false, metrics: each }));
  for (const each of [...view.figures, ...open]) for (const [name, value] of rowsOf(each.metrics)) rows.push([each.kind, each.day, each.dimension || "", each.final, name, value]);
  const link = h("a", { download: `看板-${view.today}.csv` });
  link.href = URL.createObjectURL(new Blob(["\ufeff" + rows.map((row) => row.map(cell).join(",")).join("\r\n")], { type: "text/csv" }));
  link.click();
  URL.revokeObjectURL(link.href);
}

function signedIn(is) {
  for (const id of ["board", "csv", "leave"]) $(id).hidden = !is;
  $("enter").hidden = is;
  localStorage.setItem("board", is ? "in" : "");
  if (!is) { view = null; forget($("board")); $("who").textContent = ""; }
}
function say(text) { $("state").textContent = text; $("state").hidden = !text; }
async function failure(reply) {
  try { return (await reply.json()).message; } catch { return "服务繁忙，请稍后再试"; }
}
async function load() {
  say("正在读取…");
  try {
    const reply = await fetch(`${here}?days=${$("days").value}`, { credentials: "same-origin" });
    if (reply.ok) { view = await reply.json(); show(); return say(""); }
    signedIn(false);
    say(reply.status === 401 ? "" : await failure(reply));
  } catch { say("网络不通，请检查后重试。"); }
}
async function post(deed, mark = "1") {
  return fetch(here, { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json", "X-Board": mark }, body: JSON.stringify(deed) });
}
$("enter").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const reply = await post({ action: "enter", code: $("code").value });
    $("code").value = "";
    if (reply.ok) { await load(); $("main").focus(); } else { say(await failure(reply)); $("code").focus(); }
  } catch { say("网络不通，请检查后重试。"); }
});
$("leave").addEventListener("click", async () => {
  try {
    const reply = await post({ action: "leave" });
    if (!reply.ok && reply.status !== 401) return say(await failure(reply));
    signedIn(false); say("已退出。"); $("code").focus();
  } catch { say("网络不通，尚未退出。"); }
});
$("days").addEventListener("change", load);
$("csv").addEventListener("click", csv);
const root = document.documentElement.classList;
const scheme = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => root.contains("dark") || (scheme.matches && !root.contains("light"));
function tellTheme() {
  $("theme").setAttribute("aria-pressed", String(isDark()));
  paintAll();
}
$("theme").addEventListener("click", () => {
  const dark = !isDark();
  root.toggle("dark", dark);
  root.toggle("light", !dark);
  tellTheme();
});
scheme.addEventListener("change", tellTheme);
tellTheme();
// The session itself is a cookie that scripts cannot see.
if (localStorage.getItem("board")) load(); else { signedIn(false); say(""); }
