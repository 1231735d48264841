"use strict";
const $ = (id) => document.getElementById(id);

// Charts by Apache ECharts. Behind each is a table with its numbers, which is what there is where ECharts has not come.
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const places = new ResizeObserver((entries) => { for (const { target } of entries) paint(target); });
let tablesOnly = false;

// A chart that is said in words, too; its option is made anew of the colours and the width that there are.
function drawn(says, option, behind, high = 16) {
  const parts = [h("details", tablesOnly ? { open: "" } : {}, h("summary", {}, "查看明细表"), behind)];
  if (tablesOnly) return parts;
  const place = h("div", { class: "chart" });
  place.style.height = `${high}rem`;
  place.option = (c) => { const base = usual(c, says); return { ...base, ...option(c, base, place.clientWidth < 600) }; };
  places.observe(place);
  return [place, ...parts];
}
function paint(place) {
  if (!window.echarts || !place.clientWidth) return;
  const made = echarts.getInstanceByDom(place) || echarts.init(place, null, { renderer: "svg", locale: "ZH" });
  made.resize();
  made.setOption(place.option(colours()));
}
function paintAll() { document.querySelectorAll(".chart").forEach(paint); }
function forget(within) {
  for (const place of within.querySelectorAll(".chart")) {
    places.unobserve(place);
    window.echarts?.getInstanceByDom(place)?.dispose();
  }
  within.replaceChildren();
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(["ink", "soft", "rule", "card", "one", "two", "faint", "full"].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}
function usual(c, says) {
  return {
    animation: !calm.matches, animationDuration: 400, darkMode: isDark(), backgroundColor: "transparent", color: [c.one, c.two],
    textStyle: { color: c.soft, fontFamily: getComputedStyle(document.body).fontFamily },
    aria: { enabled: true, label: { description: says } },
    grid: { left: 2, right: 14, top: 34, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    legend: { top: 0, left: 0, itemWidth: 30, textStyle: { color: c.ink }, inactiveColor: c.rule },
  };
}
const brief = (n) => (Math.abs(n) >= 1e4 ? `${+(n / 1e4).toFixed(1)}万` : n.toLocaleString("zh-CN"));
// How an axis shows its numbers, and the least step between two of them.
const onAxis = {
  yuan: { show: (fen) => "¥" + brief(fen / 100), least: 100 }, kilos: { show: (g) => `${brief(g / 1000)} kg`, least: 1000 },
  count: { show: brief, least: 1 }, percent: { show: (n) => `${n}%` },
};
const ends = { showMinLabel: true, showMaxLabel: true, alignMinLabel: "left", alignMaxLabel: "right", hideOverlap: true };
const steps = (c, data, more) => ({ type: "category", data, axisTick: { show: false }, axisLine: { lineStyle: { color: c.rule } }, axisLabel: { color: c.soft }, ...more });
const scale = (c, axis, more) => ({ type: "value", splitNumber: 4, minInterval: axis.least, axisLabel: { color: c.soft, formatter: axis.show, hideOverlap: true }, splitLine: { lineStyle: { color: c.rule } }, ...more });
const inked = (c) => ({ color: c.ink, fontSize: 12, textBorderWidth: 0 });

// What a pointer or a finger is told: nodes, since text is always text.
function tooltip(c, trigger, tell) {
  const pointer = trigger === "axis" ? { axisPointer: { lineStyle: { color: c.soft }, shadowStyle: { opacity: 0.15 } } } : {};
  const formatter = (found) => tip(...tell([].concat(found)[0].dataIndex));
  return { trigger, confine: true, backgroundColor: c.card, borderColor: c.soft, textStyle: { color: c.ink, fontSize: 13 }, transitionDuration: calm.matches ? 0 : 0.2, formatter, ...pointer };
}
function tip(title, ...rows) {
  return h("div", { class: "tip" }, h("strong", {}, title), ...rows.map(([name, text]) => h("div", {}, h("span", {}, name), h("b", {}, text))));
}

// Lines over days; a series has a name, what it takes of a row, how people read that, and how an axis does.
function lines(caption, rows, series) {
  if (!rows.length) return [note(EMPTY)];
  const days = rows.map((row) => row.day.slice(5)), title = (row) => row.day + (row.final ? "" : "（未结束）");
  const says = `${caption}，${rows[0].day} 至 ${rows.at(-1).day}。` + series.map((each) => summary(each, rows)).join("；") + "。";
  const option = (c) => ({
    tooltip: tooltip(c, "axis", (i) => [title(rows[i]), ...series.map((each) => [each.name, each.show(each.of(rows[i]))])]),
    xAxis: steps(c, days, { boundaryGap: false, axisLabel: { color: c.soft, ...ends } }), yAxis: scale(c, series[0].axis),
    series: series.map((each, place) => ({
      type: "line", name: each.name, data: rows.map(each.of), symbol: place ? "diamond" : "circle", symbolSize: place ? 9 : 7, showSymbol: rows.length < 45,
      lineStyle: { width: 2, type: place ? "dashed" : "solid" }, areaStyle: { opacity: place ? 0 : 0.12 }, emphasis: { focus: "series" },
    })),
  });
  const columns = [["日期", title], ...series.map((each) => [each.name, (row) => each.show(each.of(row))])];
  return drawn(says, option, table(caption, columns, [...rows].reverse()));
}
function summary({ name, of: value, show }, rows) {
  const most = rows.reduce((best, row) => (value(row) > value(best) ? row : best));
  return `${name}合计 ${show(rows.reduce((sum, row) => sum + value(row), 0))}，最高 ${show(value(most))}（${most.day}）`;
}

// Bars of one measure, from the first item down: what each is called, how much it is, and that in words.
function bars(caption, items, axis, behind) {
  const says = `${caption}。${items.map((each) => `${each.name} ${each.text}`).join("；")}。`;
  const option = (c, base) => ({
    legend: { show: false }, grid: { ...base.grid, top: 6, right: 16 + 8 * Math.max(...items.map((each) => each.text.length)) },
    tooltip: tooltip(c, "item", (i) => [items[i].name, [caption, items[i].text]]),
    xAxis: scale(c, axis, { splitNumber: 3 }), yAxis: steps(c, items.map((each) => each.name), { inverse: true, axisLabel: { color: c.ink } }),
    series: [{ type: "bar", name: caption, data: items.map((each) => each.value), barMaxWidth: 22, label: { show: true, position: "right", formatter: ({ dataIndex }) => items[dataIndex].text, ...inked(c) } }],
  });
  return drawn(says, option, behind, 3 + 2.1 * items.length);
}

// Bars of several series side by side, told apart by patterns as well as by colours.
function groups(caption, names, series, behind) {
  const says = `${caption}。` + series.map((each) => `${each.name}：${names.map((name, i) => `${name} ${count(each.data[i])}`).join("，")}`).join("；") + "。";
  const option = (c, base) => ({
    aria: { ...base.aria, decal: { show: true } },
    tooltip: tooltip(c, "axis", (i) => [names[i], ...series.map((each) => [each.name, count(each.data[i])])]),
    grid: { ...base.grid, right: 60 }, xAxis: scale(c, onAxis.count, { splitNumber: 3 }), yAxis: steps(c, names, { inverse: true, axisLabel: { color: c.ink } }),
    series: series.map((each) => ({ type: "bar", barMaxWidth: 16, label: { show: true, position: "right", formatter: ({ value }) => count(value), ...inked(c) }, ...each })),
  });
  return drawn(says, option, behind);
}

// How many of the first step reach each of the others.
function narrowing(caption, stages, behind) {
  const words = (each) => `${count(each.n)} · ${share(each.n, stages[0].n)}`;
  const says = `${caption}。${stages.map((each) => `${each.name} ${count(each.n)} 人次，占首步 ${share(each.n, stages[0].n)}`).join("；")}。`;
  const option = (c, base) => ({
    legend: { show: false },
    tooltip: tooltip(c, "item", (i) => [stages[i].name, ["人次", count(stages[i].n)], ["占首步", share(stages[i].n, stages[0].n)], ["较上步", i ? share(stages[i].n, stages[i - 1].n) : "—"]]),
    series: [{
      type: "funnel", name: caption, sort: "none", left: 4, right: 150, top: 6, bottom: 6, min: 0, max: Math.max(1, stages[0].n), gap: 3,
      data: stages.map((each, i) => ({ name: each.name, value: each.n, itemStyle: { color: echarts.color.modifyAlpha(c.one, 1 - 0.2 * i), borderWidth: 0 } })),
      label: { position: "right", formatter: ({ dataIndex }) => `${stages[dataIndex].name} ${words(stages[dataIndex])}`, ...inked(c) }, labelLine: { length: 8, lineStyle: { color: c.soft } },
    }],
  });
  return drawn(says, option, behind, 13);
}

// A row a month of first purchase, a column a month since: the share, in per cent, that bought in it.
function heat(caption, months, later, behind) {
  const cells = months.flatMap(([, each], row) => each.active.map((n, i) => [i, row, +((100 * n) / each.buyers || 0).toFixed(1)]));
  const most = Math.max(1, ...cells.filter(([i]) => i || later.length === 1).map((cell) => cell[2]));
  const says = `${caption}。` + months.slice(-6).map(([month, each]) => `${month} 首购 ${count(each.buyers)} 人：${each.active.map((n, i) => `${later[i]} ${share(n, each.buyers)}`).join("，")}`).join("；") + "。";
  const option = (c, base, narrow) => ({
    legend: { show: false }, grid: { ...base.grid, top: 4, bottom: 40 },
    tooltip: tooltip(c, "item", (i) => { const [column, row, value] = cells[i], [month, each] = months[row]; return [`${month} 首购`, [later[column], `${value}%`], ["买家", `${count(each.active[column])} / ${count(each.buyers)}`]]; }),
    xAxis: steps(c, later, { splitArea: { show: false } }), yAxis: steps(c, months.map(([month]) => month), { inverse: true }),
    visualMap: { min: 0, max: most, orient: "horizontal", left: "center", bottom: 0, itemHeight: 120, itemWidth: 12, text: [`${most}% 及以上`, "0%"], textStyle: { color: c.soft }, inRange: { color: [c.faint, c.full] } },
    series: [{ type: "heatmap", name: caption, data: cells, itemStyle: { borderColor: c.card, borderWidth: 2 }, label: { show: true, formatter: ({ value }) => (narrow ? Math.round(value[2]) : `${value[2]}%`), ...inked(c), fontSize: narrow ? 10 : 12 } }],
  });
  return drawn(says, option, behind, 5 + 2 * months.length);
}

// Rates with the intervals in which they may lie; an item is a name and [low, rate, high] in per cent.
function intervals(caption, items, behind) {
  const words = ([low, rate, high]) => `${rate.toFixed(1)}% [${low.toFixed(1)}, ${high.toFixed(1)}]`;
  const says = `${caption}。${items.map(([name, each]) => `${name} ${words(each)}`).join("；")}。`;
  const option = (c, base) => ({
    legend: { show: false }, grid: { ...base.grid, top: 6 },
    tooltip: tooltip(c, "item", (i) => [items[i][0], [caption, words(items[i][1])]]),
    xAxis: scale(c, onAxis.percent, { scale: true }), yAxis: steps(c, items.map(([name]) => name), { inverse: true, axisLabel: { color: c.ink } }),
    series: [{ type: "custom", name: caption, encode: { x: [1, 2, 3], y: 0 }, data: items.map(([, each], row) => [row, ...each]), renderItem: (_, api) => whiskers(api, c) }],
  });
  return drawn(says, option, behind, 4 + 2.2 * items.length);
}
function whiskers(api, c) {
  const [low, rate, high] = [1, 2, 3].map((n) => api.coord([api.value(n), api.value(0)]));
  const stroke = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: c.one, lineWidth: 2 } });
  const end = ([x, y]) => stroke(x, y - 6, x, y + 6);
  return { type: "group", children: [stroke(...low, ...high), end(low), end(high), { type: "circle", shape: { cx: rate[0], cy: rate[1], r: 6 }, style: { fill: c.one } }] };
}

// The shelf in the days ahead, with what is suggested and without it.
function ahead(suggestion) {
  const { projection: { from, stepDays, ordered, unordered }, title, arrivesOn, quantity } = suggestion;
  const days = ordered.expected.map((_, i) => new Date(Date.parse(from) + i * stepDays * 864e5).toISOString().slice(0, 10));
  const caption = `${title}：未来库存（件）`, reach = (band, i) => `${count(band.expected[i])}（${count(band.low[i])}–${count(band.high[i])}）`;
  const says = `${caption}，${days[0]} 至 ${days.at(-1)}。采纳（订 ${count(quantity)} 件，${arrivesOn} 到货）后最低 ${count(Math.min(...ordered.expected))}，不采纳最低 ${count(Math.min(...unordered.expected))}。`;
  const arrival = days[0] <= arrivesOn && days.find((day) => day >= arrivesOn)?.slice(5);
  const option = (c, base) => ({
    tooltip: tooltip(c, "axis", (i) => [days[i], ["采纳", reach(ordered, i)], ["不采纳", reach(unordered, i)]]),
    legend: { ...base.legend, data: ["采纳", "不采纳"] },
    xAxis: steps(c, days.map((day) => day.slice(5)), { boundaryGap: false, axisLabel: { color: c.soft, ...ends } }), yAxis: scale(c, onAxis.count),
    series: [
      { type: "line", name: "采纳", data: ordered.expected, symbol: "circle", lineStyle: { width: 2 }, itemStyle: { color: c.one }, markLine: { symbol: "none", silent: true, data: arrival ? [{ xAxis: arrival }] : [], lineStyle: { color: c.soft }, label: { formatter: "预计到货", ...inked(c) } } },
      { type: "line", name: "不采纳", data: unordered.expected, symbol: "diamond", symbolSize: 8, lineStyle: { width: 2, type: "dashed" }, itemStyle: { color: c.two } },
      ...[[ordered.low, 0], [ordered.high.map((n, i) => n - ordered.low[i]), 0.16]].map(([data, opacity]) => ({ type: "line", name: "采纳", stack: "band", data, symbol: "none", silent: true, lineStyle: { opacity: 0 }, itemStyle: { color: c.one }, areaStyle: { color: c.one, opacity } })),
    ],
  });
  const rows = days.map((day, i) => [day, reach(ordered, i), reach(unordered, i)]);
  return drawn(says, option, table(`${caption}：预计（八成可能的范围）`, [["日期", (row) => row[0]], ["采纳", (row) => row[1]], ["不采纳", (row) => row[2]]], rows));
}

function giveUp() { tablesOnly = true; if (view) show(); }
$("library").addEventListener("load", () => (window.echarts ? paintAll() : giveUp()));
$("library").addEventListener("error", giveUp);
calm.addEventListener("change", paintAll);
