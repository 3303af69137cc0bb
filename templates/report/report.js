"use strict";
/* The plots of the report.  Words of the blog get into the page as text alone (textContent, ECharts' canvas). */
(() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const { labels, posts, topics } = data;
  const SYMBOLS = ["circle", "triangle", "diamond", "rect", "circle", "triangle", "rect", "diamond"]; /* by colour */
  const SHAPES = { circle: "M6 1a5 5 0 1 0 .01 0z", triangle: "M6 1l5 9.5H1z", diamond: "M6 0l5 6-5 6-5-6z", rect: "M1.5 1.5h9v9h-9z" };
  const AXES = ["x", "y"];
  const MOST_COLORS = 8;
  const MOST_LISTED = 40;
  const find = (selector, root = document) => root.querySelector(selector);
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const counted = (text, count) => filled(text, { count: count.toLocaleString(document.documentElement.lang) });
  const topicName = new Map(topics.map((topic) => [topic.id, topic.name]));
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value !== "" && value !== null) element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  };

  /* -- colours: those of the page, so that they follow the scheme ------------------------------------------------- */
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const paint = (rank) => color(rank >= 0 && rank < MOST_COLORS ? `c${rank + 1}` : "rest");
  const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const mixed = (one, other, share) => {
    const [a, b] = [channels(one), channels(other)];
    return `rgb(${a.map((value, at) => Math.round(value + (b[at] - value) * share)).join(",")})`;
  };
  const yearPaint = (share) => (share < 0.5
    ? mixed(color("old"), color("middle"), share * 2)
    : mixed(color("middle"), color("new"), share * 2 - 1));
  const swatch = (shape, fill) => {
    const [svg, path] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
    svg.setAttribute("viewBox", "0 0 12 12");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", SHAPES[shape]);
    path.setAttribute("fill", fill);
    svg.append(path);
    return svg;
  };

  /* -- plots: each is drawn anew when the scheme changes, and fitted when its room does --------------------------- */
  const redrawn = [];
  const plot = (element, options) => {
    const chart = echarts.init(element, null, { renderer: "canvas" });
    const draw = () => chart.setOption({
      animation: false,
      textStyle: { color: color("text"), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 13 },
      ...options(),
    }, true);
    draw();
    redrawn.push(draw);
    new ResizeObserver(() => chart.resize()).observe(element);
    return { chart, draw };
  };
  const axis = (more) => ({
    axisLine: { lineStyle: { color: color("quiet") } }, axisTick: { show: false },
    axisLabel: { color: color("quiet"), fontSize: 12, hideOverlap: true }, splitLine: { lineStyle: { color: color("line") } },
    nameTextStyle: { color: color("quiet"), fontSize: 12 }, ...more,
  });
  const tooltip = (more) => ({
    confine: true, backgroundColor: color("panel"), borderColor: color("line"),
    textStyle: { color: color("text"), fontSize: 13 }, renderMode: "richText", ...more,
  });
  const GRID = { left: 8, right: 16, top: 32, bottom: 8, containLabel: true };
  const asPercent = (share) => `${Math.round(share * 100)} %`;

  /* -- the map: what is shown ------------------------------------------------------------------------------------ */
  const sheet = find("#sheet");
  const tip = find("#tip");
  const search = find("#search");
  const searched = posts.map((post) => [post.title, ...post.tags, post.author, topicName.get(post.topic) ?? ""]
    .join("\n").normalize("NFKC").toLowerCase());
  const newestFirst = posts.map((_, ref) => ref)
    .sort((a, b) => (posts[a].date < posts[b].date) - (posts[a].date > posts[b].date) || a - b);
  let shades = []; /* the legend: {name, count, color, symbol}, of which `shadeOf` names one for each post */
  let shadeOf = [];
  let alone = -1; /* the shade that is looked at alone */
  let found = null; /* posts that were searched for */
  let pinned = -1; /* the post whose card stays */
  let active = -1; /* the post under the pointer or the focus, else the pinned one */
  let map = null;

  const tally = (names) => {
    const counts = new Map();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  };
  /* Colours and shapes for some of the keys, in this order; all other posts are grey. */
  const shadeKeys = (keys, chosen, look, nothing, nameOf = String) => {
    const counts = tally(keys.filter((key) => key !== null));
    const at = new Map(chosen.map((key, rank) => [key, rank]));
    shades = chosen.map((key, rank) => ({ key, name: nameOf(key), count: counts.get(key), ...look(rank, key) }));
    shadeOf = keys.map((key) => at.get(key) ?? chosen.length);
    const rest = shadeOf.filter((rank) => rank === chosen.length).length;
    const name = counts.size > chosen.length ? labels.others : nothing;
    if (rest) shades.push({ name, count: rest, color: color("rest"), symbol: "circle" });
  };
  const shadeStrongest = (keys, nothing, nameOf) => {
    const counts = [...tally(keys.filter((key) => key !== null))].sort((a, b) => b[1] - a[1]);
    const look = (rank) => ({ color: paint(rank), symbol: SYMBOLS[rank] });
    shadeKeys(keys, counts.slice(0, MOST_COLORS).map(([key]) => key), look, nothing, nameOf);
  };
  const shadeYears = (keys) => {
    const years = [...new Set(keys.filter(Boolean))].sort((a, b) => a - b);
    const [first, last] = [years[0], years.at(-1)];
    const look = (_, year) => ({ color: yearPaint(last > first ? (year - first) / (last - first) : 1), symbol: "circle" });
    shadeKeys(keys, years, look, labels.undated);
  };
  const colorBy = find("#color-by");
  const whichTag = find("#which-tag");
  const shade = () => {
    const by = colorBy.value;
    whichTag.parentElement.hidden = by !== "tag";
    if (by === "year") shadeYears(posts.map((post) => post.year));
    else if (by === "author") shadeStrongest(posts.map((post) => post.author || null), labels.unnamed);
    else if (by === "tag") {
      shadeStrongest(posts.map((post) => (post.tags.includes(whichTag.value) ? whichTag.value : null)), labels.without);
    } else shadeStrongest(posts.map((post) => post.topic), labels.none, (topic) => topicName.get(topic));
  };
  const showLegend = () => {
    find("#legend").replaceChildren(...shades.map((one, at) => make("button", {
      type: "button", "aria-pressed": String(alone === at),
      onclick: () => {
        alone = alone === at ? -1 : at;
        for (const [place, button] of [...find("#legend").children].entries()) {
          button.setAttribute("aria-pressed", String(place === alone));
        }
        showDots();
        showFound();
      },
    }, swatch(one.symbol, one.color), make("bdi", {}, one.name), ` ${one.count.toLocaleString()}`)));
  };

  const isLit = (ref) => (!found || found.has(ref)) && (alone < 0 || shadeOf[ref] === alone);
  const dot = (ref) => {
    const [{ color: fill, symbol }, lit] = [shades[shadeOf[ref]], isLit(ref)];
    const size = Math.max(7, 15 - 2.5 * Math.log10(posts.length)) * (found && lit ? 1.5 : 1) * (symbol === "circle" ? 1 : 1.15);
    return {
      value: [posts[ref].x, posts[ref].y], symbol, symbolSize: size,
      itemStyle: { color: fill, opacity: lit ? 0.9 : 0.12, borderColor: color("ground"), borderWidth: lit ? 0.75 : 0 },
    };
  };
  const dots = () => {
    const grey = color("rest");
    const drawnLast = (ref) => 2 * isLit(ref) + (shades[shadeOf[ref]].color !== grey);
    return posts.map((_, ref) => ref).sort((a, b) => drawnLast(a) - drawnLast(b) || a - b).map(dot);
  };
  const showDots = () => map.chart.setOption({ series: [{ id: "posts", data: dots() }] });

  const colorOfTopic = (id) => {
    const at = colorBy.value === "topic" ? shades.findIndex((one) => one.key === id) : -1;
    return at < 0 ? color("rest") : shades[at].color;
  };
  const regionLook = (fill, origin) => (fill === color("rest")
    ? { color: fill, lineStyle: { width: 1, opacity: 0.2 } }
    : { color: fill, lineStyle: { width: 1, opacity: 0.6 }, areaStyle: { opacity: 0.1, origin } });
  /* A closed line that goes back to where it began: what is filled from its first corner's height cancels out but for its inside. */
  const outline = (region) => ({
    id: `region ${region.topic}`, type: "line", silent: true, symbol: "none", z: 1, animation: false,
    data: [...region.outline, ...region.outline.slice(0, 1)], ...regionLook(colorOfTopic(region.topic), region.outline[0][1]),
  });
  /* Names of topics, the largest first, where there is room; pulled inside at the edges, moved aside where they meet. */
  const sizes = tally(posts.map((post) => post.topic));
  const regionsBySize = [...data.regions].sort((a, b) => sizes.get(b.topic) - sizes.get(a.topic));
  const pen = document.createElement("canvas").getContext("2d");
  const names = () => {
    const [across, along, taken] = [sheet.clientWidth, sheet.clientHeight, []];
    const most = across < 500 ? 120 : 200;
    pen.font = `600 13px ${getComputedStyle(document.body).fontFamily}`;
    return regionsBySize.flatMap((region) => {
      const name = topicName.get(region.topic) ?? "";
      const [x, y] = map.chart.convertToPixel({ gridIndex: 0 }, [region.x, region.y]);
      const half = Math.min(pen.measureText(name).width, most) / 2 + 6;
      if (x < 0 || y < 0 || x > across || y > along) return [];
      const left = Math.max(half, Math.min(x, across - half - (y < 165 ? 60 : 0))); /* the buttons stand there */
      for (const aside of [0, -20, 20]) {
        const box = [left - half, y + aside - 11, left + half, y + aside + 11];
        if (box[1] < 0 || box[3] > along) continue;
        if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
        taken.push(box);
        const where = { x: left, y: y + aside, align: "center", verticalAlign: "middle", width: most, overflow: "truncate" };
        const look = { font: pen.font, fill: color("text"), stroke: color("ground"), lineWidth: 3 };
        return [new echarts.graphic.Text({ silent: true, zlevel: 1, style: { text: name, ...where, ...look } })];
      }
      return [];
    });
  };
  /* Names, and what changes under the pointer, lie on a layer of their own: dots need not be drawn anew for them. */
  const [written, drawn] = [new echarts.graphic.Group(), new echarts.graphic.Group()];
  const show = (group, shapes) => { group.removeAll(); for (const shape of shapes) group.add(shape); };
  const showNames = () => show(written, names());
  const mapOptions = () => {
    shade();
    fit();
    const between = ([min, max]) => ({ type: "value", min, max, show: false });
    const inside = { type: "inside", filterMode: "none", minSpan: 3, zoomOnMouseWheel: holdsFocus(), moveOnMouseMove: holdsFocus() };
    return {
      grid: { left: 0, right: 0, top: 0, bottom: 0 },
      xAxis: between(ends.x), yAxis: between(ends.y),
      dataZoom: AXES.map((id) => ({ ...inside, id, [`${id}AxisIndex`]: 0, start: view[id][0], end: view[id][1] })),
      series: [
        ...data.regions.filter((region) => region.outline.length > 2).map(outline),
        { id: "posts", type: "scatter", silent: true, z: 3, data: dots() },
      ],
    };
  };

  /* -- the map: looking around ----------------------------------------------------------------------------------- */
  let view = { x: [0, 100], y: [0, 100] }; /* percent of each axis */
  let ends = null; /* of both axes */
  /* All posts with room round them.  An axis may be stretched, so that they fill the sheet, but to no more than 2.5 of the other. */
  const fit = () => {
    const sizes = [sheet.clientWidth, sheet.clientHeight];
    const bounds = AXES.map((axis) => [Math.min, Math.max].map((limit) => limit(...posts.map((post) => post[axis]))));
    const scales = bounds.map(([low, high], at) => sizes[at] / (1.1 * (high - low) + 0.01));
    const most = 2.5 * Math.min(...scales);
    const [x, y] = bounds.map(([low, high], at) => [-0.5, 0.5].map((side) => (low + high) / 2 + (side * sizes[at]) / Math.min(scales[at], most)));
    ends = { x, y };
  };
  const holdsFocus = () => document.activeElement === sheet;
  const shifted = ([start, end]) => {
    const span = Math.min(100, Math.max(3, end - start));
    const from = Math.min(100 - span, Math.max(0, (start + end - span) / 2));
    return [from, from + span];
  };
  const look = (x, y) => {
    view = { x: shifted(x), y: shifted(y) };
    const batch = AXES.map((axis) => ({ dataZoomId: axis, start: view[axis][0], end: view[axis][1] }));
    map.chart.dispatchAction({ type: "dataZoom", batch });
  };
  const scaled = ([start, end], factor) => [-1, 1].map((side) => (start + end + side * (end - start) * factor) / 2);
  const slid = ([start, end], share) => [start, end].map((place) => place + share * (end - start));
  const zoom = (factor) => look(scaled(view.x, factor), scaled(view.y, factor));
  const move = (right, up) => look(slid(view.x, right), slid(view.y, up));
  const showAll = () => look([0, 100], [0, 100]);
  const percent = (position, [start, end]) => ((position - start) / (end - start)) * 100;
  /* All of these posts, with room round them, and never so near that nothing stands beside them. */
  const lookAt = (refs) => {
    const [x, y] = AXES.map((axis) => {
      const values = refs.map((ref) => percent(posts[ref][axis], ends[axis]));
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const half = Math.max(14, ((high - low) / 2) * 1.25);
      return [(low + high) / 2 - half, (low + high) / 2 + half];
    });
    look(x, y);
  };
  const pixel = (ref) => map.chart.convertToPixel({ gridIndex: 0 }, [posts[ref].x, posts[ref].y]);
  const nearest = (x, y, reach) => {
    const [left, bottom] = map.chart.convertToPixel({ gridIndex: 0 }, [0, 0]);
    const [right, top] = map.chart.convertToPixel({ gridIndex: 0 }, [1, 1]);
    let best = -1;
    let least = reach * reach;
    posts.forEach((post, ref) => {
      const across = left + (right - left) * post.x - x;
      const along = bottom + (top - bottom) * post.y - y;
      const distance = across * across + along * along;
      if (distance <= least && isLit(ref)) [best, least] = [ref, distance];
    });
    return best;
  };

  /* -- the map: one post ----------------------------------------------------------------------------------------- */
  const titled = (name, ref, attributes, ...more) => make(name, { ...attributes, lang: posts[ref].lang, dir: "auto" }, posts[ref].title, ...more);
  const entry = (ref) => make("li", {}, titled("button", ref, {
    type: "button", "data-post": ref,
    onfocus: () => activate(ref), onmouseenter: () => activate(ref), onmouseleave: () => activate(-1),
    onblur: () => activate(-1), onclick: () => { pin(ref); lookAt([ref, ...posts[ref].near]); find("#card h4").focus(); },
  }, make("time", { datetime: posts[ref].date }, posts[ref].date)));
  const showCard = (ref) => {
    const card = find("#card");
    if (ref < 0) return card.replaceChildren(...[labels.point, find("#map-keys").textContent].map((text) => make("p", { class: "quiet" }, text)));
    const post = posts[ref];
    const heading = make("h4", { tabindex: "-1", lang: post.lang, dir: "auto" });
    heading.append(post.link ? make("a", { href: post.link, target: "_blank", rel: "noopener noreferrer" }, post.title) : post.title);
    const facts = [post.date, post.hidden ? labels.hidden : "", post.author, topicName.get(post.topic)].filter(Boolean).join(" · ");
    return card.replaceChildren(
      heading,
      ...(pinned === ref ? [make("button", { type: "button", class: "close", "aria-label": labels.close, onclick: unpin }, "×")] : []),
      make("p", { class: "quiet" }, facts),
      ...(post.tags.length ? [make("ul", { class: "tags", "aria-label": labels.tags }, ...post.tags.map((tag) => make("li", {}, make("bdi", {}, tag))))] : []),
      ...(post.near.length ? [make("h5", {}, labels.neighbors), make("ul", { class: "posts" }, ...post.near.map(entry))] : []),
    );
  };
  const showTip = (ref) => {
    const at = ref < 0 ? null : pixel(ref);
    tip.hidden = !at || at[0] < 0 || at[1] < 0 || at[0] > sheet.clientWidth || at[1] > sheet.clientHeight;
    if (tip.hidden) return;
    tip.textContent = posts[ref].title;
    tip.lang = posts[ref].lang;
    tip.style.left = `${Math.max(4, Math.min(at[0] - tip.offsetWidth / 2, sheet.clientWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${at[1] > tip.offsetHeight + 16 ? at[1] - tip.offsetHeight - 12 : at[1] + 14}px`;
  };
  const stroke = (kind, lineWidth, shape) => new echarts.graphic[kind]({
    silent: true, zlevel: 1, shape, style: { fill: "none", stroke: color("text"), lineWidth },
  });
  const showActive = () => {
    const around = active < 0 ? [] : [active, ...posts[active].near].map(pixel);
    const lines = around.slice(1).map(([x, y]) => stroke("Line", 1.25, { x1: around[0][0], y1: around[0][1], x2: x, y2: y }));
    show(drawn, [...lines, ...around.map(([x, y], at) => stroke("Circle", 2, { cx: x, cy: y, r: at ? 6 : 9 }))]);
    showTip(active);
  };
  /* Looks at a post for as long as it is pointed at; the pinned card stays. */
  const activate = (ref) => {
    const shown = ref < 0 ? pinned : ref;
    if (shown === active) return;
    active = shown;
    showActive();
    if (pinned < 0) showCard(active);
  };
  const pin = (ref) => {
    pinned = active = ref;
    showActive();
    showCard(ref);
  };
  const unpin = () => {
    const was = pinned;
    pin(-1);
    (find(`#found [data-post="${was}"]`) ?? search).focus({ preventScroll: true });
  };

  /* -- the map: searching ---------------------------------------------------------------------------------------- */
  const showFound = () => {
    const refs = newestFirst.filter(isLit);
    const text = refs.length ? counted(found || alone >= 0 ? labels.found : labels.all, refs.length) : labels.nothing;
    const rest = refs.length - MOST_LISTED;
    find("#found-count").textContent = text;
    const more = rest > 0 ? [make("li", { class: "quiet" }, counted(labels.more, rest))] : [];
    find("#found").replaceChildren(...refs.slice(0, MOST_LISTED).map(entry), ...more);
  };
  const seek = () => {
    const words = search.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
    const refs = posts.map((_, ref) => ref).filter((ref) => words.every((word) => searched[ref].includes(word)));
    found = words.length ? new Set(refs) : null;
    showDots();
    showFound();
    if (found && refs.length) lookAt(refs); else showAll();
  };

  const KEYS = {
    "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7), 0: showAll,
    ArrowLeft: () => move(-0.2, 0), ArrowRight: () => move(0.2, 0), ArrowUp: () => move(0, 0.2), ArrowDown: () => move(0, -0.2),
  };

  const drawMap = () => {
    for (const [tag] of [...tally(posts.flatMap((post) => post.tags))].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))) {
      whichTag.append(make("option", {}, tag));
    }
    if (!whichTag.length) find("option[value=tag]", colorBy).remove();
    if (tally(posts.map((post) => post.author)).size < 2) find("option[value=author]", colorBy).remove();
    find("#map-plot").hidden = false;
    map = plot(sheet, mapOptions);
    redrawn.push(showLegend, showActive, showNames);
    new ResizeObserver(() => { for (const draw of [map.draw, showNames, showActive]) draw(); }).observe(sheet);
    const recolor = () => { alone = -1; for (const draw of [map.draw, showLegend, showActive, showNames, showFound]) draw(); };
    colorBy.addEventListener("change", recolor);
    whichTag.addEventListener("change", recolor);
    let waiting = 0;
    search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(seek, 150); });
    for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", KEYS[button.dataset.zoom]);
    sheet.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !Object.hasOwn(KEYS, event.key)) return;
      event.preventDefault();
      KEYS[event.key]();
    });
    find("#map-plot").addEventListener("keydown", (event) => { if (event.key === "Escape" && pinned >= 0) unpin(); });
    /* Until it is chosen, the page scrolls where the pointer happens to be over the map. */
    const listen = () => map.chart.setOption({ dataZoom: AXES.map((id) => ({ id, zoomOnMouseWheel: holdsFocus(), moveOnMouseMove: holdsFocus() })) });
    sheet.addEventListener("focus", listen);
    sheet.addEventListener("blur", listen);
    sheet.addEventListener("pointerdown", (event) => { if (event.pointerType === "mouse") sheet.focus({ preventScroll: true }); });
    map.chart.on("datazoom", () => {
      for (const { id, start, end } of map.chart.getOption().dataZoom) view[id] = [start, end];
      showNames();
      showActive();
    });
    const canvas = map.chart.getZr();
    for (const group of [written, drawn]) canvas.add(group);
    canvas.on("mousemove", ({ event, offsetX, offsetY }) => {
      if (event.buttons) return;
      const ref = nearest(offsetX, offsetY, 14);
      sheet.style.cursor = ref < 0 ? "" : "pointer";
      activate(ref);
    });
    canvas.on("globalout", () => activate(-1));
    canvas.on("click", ({ offsetX, offsetY }) => {
      const ref = nearest(offsetX, offsetY, 24);
      if (ref >= 0 && ref === pinned && posts[ref].link) window.open(posts[ref].link, "_blank", "noopener,noreferrer");
      else pin(ref);
    });
    showLegend();
    showFound();
    showCard(-1);
  };

  /* -- trends ---------------------------------------------------------------------------------------------------- */
  const drawBars = (element, names, counts, name, more = {}) => plot(element, () => ({
    grid: { ...GRID, bottom: more.name ? 28 : 8 }, tooltip: tooltip({ trigger: "axis" }),
    xAxis: axis({ type: "category", data: names, nameLocation: "middle", nameGap: 28, ...more }),
    yAxis: axis({ type: "value", name, minInterval: 1, nameTextStyle: { align: "left", color: color("quiet"), fontSize: 12 } }),
    series: [{ type: "bar", name, data: counts, color: color("c1"), barMaxWidth: 48 }],
  }));
  const drawTrend = (root, rows) => {
    const chips = find(".chips", root);
    const measure = find("select", root);
    let chosen = rows.map((_, at) => at).sort((a, b) => rows[b].total - rows[a].total || a - b).slice(0, 5);
    const ranks = new Map(chosen.map((at, rank) => [at, rank])); /* a line keeps its colour for as long as it is shown */
    const value = (count, year) => (measure.value === "share" ? count / (data.trends.posts[year] || 1) : count);
    root.hidden = false;
    const { draw } = plot(find(".plot", root), () => ({
      grid: GRID,
      tooltip: tooltip({ trigger: "axis", order: "valueDesc", valueFormatter: (shown) => (measure.value === "share" ? asPercent(shown) : shown) }),
      xAxis: axis({ type: "category", data: data.trends.years.map(String), boundaryGap: false }),
      yAxis: axis({ type: "value", name: measure.value === "share" ? labels.share : labels.posts, nameTextStyle: { align: "left", color: color("quiet"), fontSize: 12 },
        ...(measure.value === "share" ? { axisLabel: { formatter: asPercent, color: color("quiet"), fontSize: 12 } } : { minInterval: 1 }) }),
      series: chosen.map((at) => ({
        type: "line", name: rows[at].name, data: rows[at].counts.map(value), color: paint(ranks.get(at)),
        symbol: SYMBOLS[ranks.get(at)], symbolSize: 8, lineStyle: { width: 2.25, type: ranks.get(at) < 4 ? "solid" : [7, 4] },
      })),
    }));
    const showChips = () => {
      for (const [at, button] of [...chips.children].entries()) {
        const rank = ranks.get(at);
        button.setAttribute("aria-pressed", String(rank !== undefined));
        find("svg", button)?.remove();
        if (rank !== undefined) button.prepend(swatch(SYMBOLS[rank], paint(rank)));
      }
    };
    const toggle = (at) => {
      if (ranks.delete(at)) chosen = chosen.filter((one) => one !== at);
      else {
        if (chosen.length === MOST_COLORS) ranks.delete(chosen.shift());
        const taken = new Set(ranks.values());
        ranks.set(at, SYMBOLS.findIndex((_, rank) => !taken.has(rank)));
        chosen.push(at);
      }
      draw();
      showChips();
    };
    chips.append(...rows.map((row, at) => make("button", { type: "button", onclick: () => toggle(at) }, make("bdi", {}, row.name), ` ${row.total.toLocaleString()}`)));
    measure.addEventListener("change", draw);
    redrawn.push(showChips);
    showChips();
  };

  /* -- missing tags ---------------------------------------------------------------------------------------------- */
  const drawCalibration = (element) => plot(element, () => {
    const levels = data.missing.calibration;
    const share = (name, more) => axis({
      type: "value", min: 0, max: 1, name, axisLabel: { formatter: asPercent, color: color("quiet"), fontSize: 12 }, ...more,
    });
    return {
      grid: { ...GRID, bottom: 28, right: 24 },
      tooltip: tooltip({ trigger: "item", formatter: ({ dataIndex }) => {
        const level = levels[dataIndex];
        return `${labels.promised}: ${asPercent(level.mean)}\n${labels.right}: ${asPercent(level.right)} (${asPercent(level.low)}–${asPercent(level.high)})\n${counted(labels.pairs, level.pairs)}`;
      } }),
      xAxis: share(labels.promised, { nameLocation: "middle", nameGap: 28 }),
      yAxis: share(labels.right, { nameTextStyle: { align: "left", color: color("quiet"), fontSize: 12 } }),
      series: [
        { type: "line", silent: true, symbol: "none", data: [[0, 0], [1, 1]], tooltip: { show: false }, lineStyle: { type: "dashed", width: 1.5, color: color("quiet") } },
        { type: "line", silent: true, symbol: "none", tooltip: { show: false }, lineStyle: { width: 2, color: color("c1") },
          data: levels.flatMap(({ mean, low, high }) => [[mean, low], [mean, high], [null, null]]) },
        { type: "scatter", data: levels.map(({ mean, right }) => [mean, right]), symbolSize: 11, color: color("c1") },
      ],
    };
  });

  /* -- all of it ------------------------------------------------------------------------------------------------- */
  if (posts.length) drawMap();
  if (find("#per-year")) drawBars(find("#per-year"), data.trends.years.map(String), data.trends.posts, labels.posts);
  for (const root of document.querySelectorAll("[data-trend]")) {
    drawTrend(root, data.trends[root.dataset.trend].map(({ id, tag, counts }) => ({ name: tag ?? topicName.get(id), counts, total: counts.reduce((all, count) => all + count, 0) })));
  }
  if (find("#levels")) {
    const { levels } = data.missing;
    const names = levels.map(({ confidence }) => `${Math.round(confidence * 100)}–${asPercent(confidence + 0.1)}`);
    drawBars(find("#levels"), names, levels.map(({ suggestions }) => suggestions), labels.suggestions, { name: labels.promised });
  }
  if (find("#calibration")) drawCalibration(find("#calibration"));
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const said = button.textContent;
      const code = button.previousElementSibling;
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = labels.copied;
        setTimeout(() => { button.textContent = said; }, 2000);
      } catch {
        getSelection().selectAllChildren(code); /* a browser that lets no page write there: ready to be copied by hand */
      }
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { for (const draw of redrawn) draw(); });
})();
