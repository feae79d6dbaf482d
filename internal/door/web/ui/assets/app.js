// The comfort on top of pages that work without it: menus, dialogs, keys, search,
// row clicks, uploads and charts. One file, no framework; it listens on the
// document, so parts that htmx brings in later need no set-up of their own.
"use strict";

(() => {
	const html = document.documentElement;
	const find = (selector, within = document) => within.querySelector(selector);
	const all = (selector, within = document) => [...within.querySelectorAll(selector)];
	const on = (type, handler, early = false) => document.addEventListener(type, handler, early);

	// --- Menus: <details class="s-drop">, one open at a time ---------------------
	const closeMenus = (except) => all("details.s-drop[open]").forEach((d) => { if (d !== except) d.open = false; });
	// Not on "toggle": that event comes later, maybe after the next menu is open, which it would close.
	on("click", (e) => closeMenus(e.target.closest("details.s-drop")));
	on("focusin", (e) => { if (!e.target.closest("details.s-drop")) closeMenus(); });

	// --- Dialogs: a link to "#id" with data-dialog opens <dialog id> --------------
	const openDialog = (id) => {
		const dialog = id && document.getElementById(id);
		if (!(dialog instanceof HTMLDialogElement)) return false;
		closeMenus();
		if (!dialog.open) dialog.showModal();
		return true;
	};
	on("click", (e) => {
		const opener = e.target.closest("[data-dialog]");
		if (opener && openDialog(opener.hash.slice(1))) e.preventDefault();
		const closer = e.target.closest("[data-close]");
		if (closer) { e.preventDefault(); closer.closest("dialog").close(); }
		if (e.target instanceof HTMLDialogElement) e.target.close(); // a click beside it
	});

	// --- Theme: shown at once, then told to the server ----------------------------
	on("submit", (e) => {
		const form = e.target.closest("[data-theme-form]");
		if (!form || !e.submitter) return;
		e.preventDefault();
		const theme = e.submitter.value;
		if (theme === "system") html.removeAttribute("data-bs-theme"); else html.setAttribute("data-bs-theme", theme);
		all("button", form).forEach((b) => b.setAttribute("aria-pressed", b === e.submitter));
		closeMenus();
		const body = new URLSearchParams(new FormData(form));
		body.set(e.submitter.name, theme);
		fetch(form.action, { method: "POST", body });
		drawCharts(true);
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawCharts(true));

	// --- Rows: the whole row opens its page ----------------------------------------
	const openRow = (row, beside) => beside ? window.open(row.dataset.href) : location.assign(row.dataset.href);
	on("click", (e) => {
		const row = e.target.closest("[data-href]");
		if (!row || e.target.closest("a, button, input, label, summary, select, textarea")) return;
		if (String(getSelection())) return; // someone is copying
		openRow(row, e.ctrlKey || e.metaKey);
	});
	const walkRows = (step) => {
		const rows = all("[data-href]", find("#main")).filter((r) => r.offsetParent);
		if (!rows.length) return;
		const now = rows.findIndex((r) => r.classList.contains("is-current"));
		const row = rows[Math.min(Math.max(now + step, 0), rows.length - 1)];
		rows[now]?.classList.remove("is-current");
		row.classList.add("is-current");
		find(".s-row-link", row)?.focus({ preventScroll: true });
		row.scrollIntoView({ block: "nearest" });
	};

	// --- Keys -------------------------------------------------------------------------
	const typing = (el) => el.closest?.("input, textarea, select, [contenteditable]");
	on("keydown", (e) => {
		if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") {
			const search = find("#search");
			if (search) { e.preventDefault(); search.focus(); search.select(); }
			return;
		}
		if (e.key === "Escape") { closeMenus(); hideResults(); awaited = false; return; }
		if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || find("dialog[open]")) return;
		if (!document.body.hasAttribute("data-shortcuts")) return;
		const current = find(".is-current[data-href]");
		switch (e.key) {
		case "/": find("#search")?.focus(); break;
		case "?": openDialog("shortcuts"); break;
		case "j": walkRows(1); break;
		case "k": walkRows(-1); break;
		case "n": find("a[rel=next]")?.click(); break;
		case "Enter":
			if (!current || e.target.closest("a, button, summary")) return;
			openRow(current);
			break;
		default: return;
		}
		e.preventDefault();
	});

	// --- Search box: a list to walk through with the arrow keys -----------------------
	const results = () => find("#search-results");
	const showResults = (show) => {
		const list = results();
		if (!list) return;
		list.hidden = !show;
		find("#search").setAttribute("aria-expanded", show);
	};
	const hideResults = () => showResults(false);
	let awaited = false; // typed into and not dismissed since
	let chosenHref; // of the result chosen since the last letter; an answer may come after the choice
	const choose = (items, chosen) => {
		items.forEach((item, i) => {
			item.id = "found-" + i;
			item.setAttribute("aria-selected", i === chosen);
		});
		chosenHref = items[chosen]?.href;
		if (chosenHref) find("#search").setAttribute("aria-activedescendant", "found-" + chosen);
		else find("#search").removeAttribute("aria-activedescendant");
	};
	const pick = (step) => {
		const items = all("[role=option]", results());
		if (!items.length) return;
		const now = items.findIndex((i) => i.getAttribute("aria-selected") === "true");
		const next = (now + step + items.length + (now < 0 && step < 0 ? 1 : 0)) % items.length;
		choose(items, next);
		items[next].scrollIntoView({ block: "nearest" });
	};
	const answered = () => {
		const items = all("[role=option]", results()), search = find("#search");
		choose(items, items.findIndex((i) => i.href === chosenHref));
		showResults(awaited && document.activeElement === search && search.value.trim() !== "");
	};
	on("keydown", (e) => {
		if (e.target.id !== "search" || results().hidden) return;
		if (e.key === "ArrowDown") { e.preventDefault(); pick(1); }
		if (e.key === "ArrowUp") { e.preventDefault(); pick(-1); }
	});
	// Enter sends the form, also at the end of an input method; a chosen result is opened instead.
	on("submit", (e) => {
		const chosen = e.target.matches(".s-search") && !results().hidden && find("[aria-selected=true]", results());
		if (chosen) { e.preventDefault(); chosen.click(); }
	});
	on("input", (e) => {
		if (e.target.id !== "search") return;
		awaited = true;
		choose(all("[role=option]", results()), -1);
		if (!e.target.value.trim()) hideResults();
	});
	on("focusin", (e) => {
		if (e.target.id === "search" && results().children.length && e.target.value.trim()) showResults(true);
		else if (!e.target.closest(".s-search")) hideResults();
	});
	on("click", (e) => { if (!e.target.closest(".s-search")) hideResults(); });

	// --- Forms ---------------------------------------------------------------------------
	// What cannot be undone is asked about, in the words of the form.
	on("submit", (e) => {
		const form = e.target;
		if (!form.dataset.confirm || form.dataset.confirmed) return;
		e.preventDefault();
		const submitter = e.submitter;
		const dialog = document.createElement("dialog");
		dialog.className = "s-dialog";
		const words = document.createElement("p");
		words.textContent = form.dataset.confirm;
		const buttons = document.createElement("div");
		buttons.className = "s-dialog-buttons";
		const no = document.createElement("button");
		no.className = "btn";
		no.textContent = document.body.dataset.cancel;
		no.addEventListener("click", () => dialog.close());
		const yes = submitter.cloneNode(true);
		yes.type = "button";
		yes.addEventListener("click", () => { form.dataset.confirmed = "1"; form.requestSubmit(submitter); dialog.close(); });
		dialog.addEventListener("close", () => dialog.remove());
		buttons.append(no, yes);
		dialog.append(words, buttons);
		document.body.append(dialog);
		dialog.showModal();
		no.focus();
	});
	// A form is sent once, however often the button is pressed.
	on("submit", (e) => {
		if (e.defaultPrevented || e.target.method === "get") return;
		if (e.target.dataset.sent) { e.preventDefault(); return; }
		e.target.dataset.sent = "1";
		setTimeout(() => delete e.target.dataset.sent, 5000);
	});
	addEventListener("pageshow", () => all("form[data-sent]").forEach((f) => delete f.dataset.sent));

	// What is shown once is copied with a click; without HTTPS there is no clipboard, only the old way.
	on("click", async (e) => {
		const button = e.target.closest("[data-copy]");
		if (!button) return;
		const field = document.getElementById(button.dataset.copy);
		field.select();
		try {
			await navigator.clipboard.writeText(field.value);
		} catch {
			document.execCommand("copy");
		}
		button.textContent = button.dataset.copied;
	});

	// Ticked rows: how many, and the bar with what can be done with them.
	const countTicks = (form) => {
		const ticks = all("tbody .s-tick input", form);
		const n = ticks.filter((t) => t.checked).length;
		const bar = find("[data-bulk-bar]", form), words = find("[data-bulk-count]", bar), every = find("[data-all]", form);
		bar.hidden = n === 0;
		words.textContent = n === 1 ? words.dataset.one : words.dataset.other.replace("#", n);
		every.checked = n > 0 && n === ticks.length;
		every.indeterminate = n > 0 && n < ticks.length;
	};
	on("change", (e) => {
		const form = e.target.closest("form[data-bulk]");
		if (!form) return;
		if (e.target.matches("[data-all]")) all("tbody .s-tick input", form).forEach((t) => { t.checked = e.target.checked; });
		countTicks(form);
	});

	// A list is narrowed by what is typed above it; Enter takes what is left.
	const fold = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
	on("input", (e) => {
		if (!e.target.matches("[data-narrow]")) return;
		const box = e.target.parentElement, words = fold(e.target.value).split(/\s+/);
		all("[data-narrow-item]", box).forEach((i) => { i.hidden = !words.every((w) => fold(i.textContent).includes(w)); });
		all("[data-narrow-group]", box).forEach((g) => { g.hidden = !find("[data-narrow-item]:not([hidden])", g); });
		const none = find("[data-narrow-none]", box);
		if (none) none.hidden = !!find("[data-narrow-group]:not([hidden])", box);
	});
	on("keydown", (e) => {
		if (e.key !== "Enter" || !e.target.matches("[data-narrow]")) return;
		e.preventDefault();
		if (e.target.value.trim()) find("[data-narrow-item]:not([hidden])", e.target.parentElement)?.click();
	});
	on("keypress", (e) => { if (e.key === "Enter" && e.target.matches("[data-narrow]")) e.preventDefault(); }); // does not send the form
	on("toggle", (e) => {
		if (e.target.matches("details.s-drop[open]")) find("[data-narrow]", e.target)?.focus();
	}, true);
	on("change", (e) => {
		const words = e.target.closest(".s-ticks") && find("[data-ticked]", e.target.closest(".s-ticks"));
		if (!words) return;
		const ticked = all("input:checked", e.target.closest(".s-ticks")).map((t) => t.parentElement.textContent.trim());
		words.textContent = ticked.length ? ticked.slice(0, 3).join(", ") + (ticked.length > 3 ? " +" + (ticked.length - 3) : "") : words.dataset.ticked;
	});

	// Files can be dropped on the field and are named there.
	const nameFiles = (box) => {
		const files = [...find("input[type=file]", box).files], words = find(".s-upload-words", box);
		box.classList.toggle("has-files", files.length > 0);
		words.textContent = files.length ? files.map((f) => f.name).join(", ") : words.dataset.empty;
	};
	on("change", (e) => { const box = e.target.closest("[data-upload]"); if (box) nameFiles(box); });
	["dragenter", "dragover", "dragleave", "drop"].forEach((type) => on(type, (e) => {
		const box = e.target.closest?.("[data-upload]");
		if (!box) return;
		e.preventDefault();
		box.classList.toggle("is-over", type === "dragenter" || type === "dragover");
		if (type === "drop" && e.dataTransfer.files.length) {
			find("input[type=file]", box).files = e.dataTransfer.files;
			nameFiles(box);
		}
	}));

	// --- htmx --------------------------------------------------------------------------------
	// Nobody looks at a hidden page, so it need not ask.
	on("htmx:beforeRequest", (e) => {
		if (document.hidden && e.detail.elt.hasAttribute("data-poll")) e.preventDefault();
	});
	on("htmx:afterSwap", (e) => {
		if (e.detail.target.id === "search-results") answered();
	});
	on("htmx:beforeCleanupElement", (e) => {
		const chart = e.target.matches?.("[data-chart]") && window.echarts?.getInstanceByDom(e.target);
		if (chart) { watch.unobserve(e.target); chart.dispose(); }
	});
	on("htmx:load", (e) => {
		drawCharts();
		// The job is over: load its page again, which now shows the result.
		const job = find("#job:not([data-poll])");
		if (job && e.detail.elt === job) location.reload();
	});

	// --- Charts -------------------------------------------------------------------------------
	// ECharts comes only to pages that have one.
	let library;
	const loadLibrary = () => library ??= new Promise((resolve, reject) => {
		const script = document.createElement("script");
		script.src = html.dataset.echarts;
		script.onload = () => resolve(window.echarts);
		script.onerror = reject;
		document.head.append(script);
	});

	// A colour of the style sheet as the browser computes it for this theme.
	const probe = document.createElement("span");
	probe.hidden = true;
	const colorOf = (value) => { probe.className = ""; probe.style.color = value; return getComputedStyle(probe).color; };
	const paletteColor = (i) => { probe.style.color = ""; probe.className = "s-c" + i; return getComputedStyle(probe).color; };

	const formatter = (lang, unit, short) => {
		const options = { maximumFractionDigits: unit.digits, minimumFractionDigits: short ? 0 : unit.digits };
		if (unit.kind === "percent") options.style = "percent";
		if (unit.kind === "money") Object.assign(options, { style: "currency", currency: unit.currency });
		if (short && unit.kind !== "percent") Object.assign(options, { notation: "compact", maximumFractionDigits: 1, useGrouping: "always" });
		const format = new Intl.NumberFormat(lang, options);
		return (v) => v == null || Number.isNaN(v) ? "–" : format.format(v) + (!short && unit.name ? "\u00a0" + unit.name : "");
	};

	// What all kinds share: quiet axes, thin grid, tooltip drawn in the picture.
	const frameOf = (data, look, write, brief) => ({
		// A line that begins with a gap must not be drawn by and by: its label would have no place meanwhile.
		animation: data.kind !== "line" && !matchMedia("(prefers-reduced-motion: reduce)").matches,
		animationDuration: 300,
		textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: look.quiet },
		grid: { left: 8, right: 16, top: data.yName ? 34 : 16, bottom: data.xName ? 26 : 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
		tooltip: {
			trigger: "axis", renderMode: "richText", confine: true, order: "seriesAsc",
			backgroundColor: look.raised, borderColor: look.line, borderWidth: 1, padding: [8, 12],
			textStyle: { color: look.text, fontSize: 13, fontWeight: "normal" },
			axisPointer: { type: data.kind === "line" ? "line" : "shadow", lineStyle: { color: look.lineStrong }, shadowStyle: { color: look.shade } },
			valueFormatter: write,
		},
		xAxis: {
			type: "category", data: data.labels, boundaryGap: data.kind !== "line",
			name: data.xName, nameLocation: "middle", nameGap: 28, nameTextStyle: { color: look.quiet, fontSize: 12 },
			axisLine: { lineStyle: { color: look.lineStrong } }, axisTick: { show: false },
			axisLabel: { color: look.quiet, fontSize: 12, hideOverlap: true, margin: 12 },
		},
		yAxis: {
			type: "value", name: data.yName, nameTextStyle: { color: look.quiet, fontSize: 12, align: "left" },
			axisLabel: { color: look.quiet, fontSize: 12, formatter: brief }, splitNumber: 4,
			splitLine: { lineStyle: { color: look.line } }, min: data.kind === "line" ? undefined : 0,
		},
	});

	// Names at the ends of lines that end close together are moved apart.
	const spread = (data, option, height) => {
		const all = data.series.flatMap((s) => s.values).filter((v) => v != null);
		const scale = (height - 60) / (Math.max(...all, 0) - Math.min(...all, 0) || 1), gap = 16;
		const ends = option.series.map((s) => ({ s, y: -scale * (s.data.findLast((v) => v != null) ?? 0) })).sort((a, b) => a.y - b.y);
		ends.forEach((end, i) => { end.at = i ? Math.max(end.y, ends[i - 1].at + gap) : end.y; });
		const shift = ends.reduce((sum, end) => sum + end.at - end.y, 0) / ends.length; // keep the group where it is
		ends.forEach(({ s, y, at }) => { s.endLabel.offset = [0, at - y - shift]; });
	};

	const lines = (data, look, option, direct, height) => {
		option.series = data.series.map((s) => ({
			name: s.name, type: "line", data: s.values, color: look.palette[s.color],
			symbol: "circle", symbolSize: s.dots ? 8 : 5, showSymbol: s.dots || data.labels.length <= 14, showAllSymbol: s.dots || "auto", connectNulls: false,
			lineStyle: { width: s.dots ? 0 : s.past ? 1.5 : 2.25, type: s.past ? [4, 4] : "solid", opacity: s.past ? 0.75 : 1 }, itemStyle: { opacity: s.past ? 0.75 : 1 },
			emphasis: { disabled: true },
			endLabel: { show: direct && !s.dots, formatter: s.name, color: s.past ? look.quiet : look.text, fontSize: 12, distance: 8 },
		}));
		if (direct) spread(data, option, height);
		if (direct) option.grid.right = 16 + Math.max(...data.series.map((s) => s.name.length)) * 6.5;
		// The first and the last label stay inside, where nothing else stands.
		Object.assign(option.xAxis.axisLabel, { alignMinLabel: "left", alignMaxLabel: "right" });
		option.yAxis.scale = data.series.every((s) => Math.min(...s.values.filter((v) => v != null)) > 0) && data.unit.kind !== "percent" ? false : undefined;
	};

	const bars = (data, look, option, brief, width) => {
		const single = data.series.length === 1, few = data.labels.length <= 12;
		option.series = data.series.map((s) => ({
			name: s.name, type: "bar", data: s.values, color: look.palette[s.color],
			stack: data.kind === "stacked" ? "all" : undefined,
			barMaxWidth: 44, barCategoryGap: data.kind === "histogram" ? "6%" : "35%", barGap: "10%",
			itemStyle: { opacity: s.past ? 0.4 : 1, borderRadius: data.kind === "stacked" ? 0 : [2, 2, 0, 0], borderColor: look.surface, borderWidth: data.kind === "stacked" ? 0.5 : 0 },
			emphasis: { disabled: true },
			label: { show: single && few, position: "top", color: look.text, fontSize: 12, formatter: (p) => brief(p.value) },
		}));
		if (data.kind === "histogram") option.series.forEach((s) => { s.barMaxWidth = undefined; });
		if (single && few) option.yAxis.splitLine.show = option.yAxis.axisLabel.show = false;
		if (data.across) lieDown(option, width);
	};

	// Bars whose labels are names lie on their side, the first on top; no label is left out.
	const lieDown = (option, width) => {
		[option.xAxis, option.yAxis] = [option.yAxis, option.xAxis];
		Object.assign(option.yAxis, { inverse: true, name: undefined });
		Object.assign(option.yAxis.axisLabel, { hideOverlap: false, interval: 0, width: Math.min(240, width * 0.4), overflow: "truncate" });
		Object.assign(option.grid, { bottom: 8, top: 8, right: option.series.some((s) => s.label.show) ? 56 : 24 });
		if (width < 480) option.xAxis.splitNumber = 2;
		option.series.forEach((s) => { s.label.position = "right"; s.itemStyle.borderRadius = [0, 2, 2, 0]; });
	};

	const lorenz = (data, look, option, write) => {
		const share = { type: "value", min: 0, max: 1, splitNumber: 5 };
		Object.assign(option.xAxis, share, { data: undefined, boundaryGap: undefined, splitLine: { show: false } });
		option.xAxis.axisLabel.formatter = option.yAxis.axisLabel.formatter = write;
		Object.assign(option.yAxis, share, { axisLine: { show: false }, axisTick: { show: false } });
		option.grid.right = 24;
		option.tooltip.axisPointer = { type: "line", lineStyle: { color: look.lineStrong } };
		option.tooltip.axisPointer.label = { show: false };
		option.tooltip.valueFormatter = (v) => write(Array.isArray(v) ? v[1] : v);
		option.tooltip.order = "seriesAsc";
		option.series = data.series.map((s) => ({
			name: s.name, type: "line", color: look.palette[s.color], symbol: "none", emphasis: { disabled: true },
			data: s.values.map((v, i) => [data.x[i], v]).filter((p) => p[1] != null).map((p, i, points) => i === points.length >> 1
				? { value: p, symbol: "circle", symbolSize: 0.1, label: { show: true, formatter: s.name, color: look.text, fontSize: 15, fontWeight: 600, position: "bottom", distance: 22 } } : p),
			lineStyle: { width: 2.5 }, areaStyle: { opacity: 0.16 },
		}));
		const hint = { show: true, formatter: data.everyone, color: look.quiet, fontSize: 12, position: "right", offset: [6, 10] };
		option.series.push({
			name: data.everyone, type: "line", data: [[0, 0], { value: [0.5, 0.5], label: hint }, [1, 1]], symbolSize: 0.1, silent: true, color: look.lineStrong,
			lineStyle: { width: 1, type: [4, 4] }, tooltip: { show: false },
		});
	};

	const draw = (box, echarts) => {
		const data = JSON.parse(box.dataset.chart);
		box.after(probe);
		const look = {
			text: colorOf("var(--s-text)"), quiet: colorOf("var(--s-quiet)"), line: colorOf("var(--s-line)"),
			lineStrong: colorOf("var(--s-line-strong)"), raised: colorOf("var(--s-raised)"), surface: colorOf("var(--s-surface)"),
			shade: colorOf("light-dark(#0b747c12, #5cc4c81a)"),
			palette: Array.from({ length: 8 }, (_, i) => paletteColor(i)),
		};
		const write = formatter(data.lang, data.unit, false), brief = formatter(data.lang, data.unit, true);
		const option = frameOf(data, look, write, brief);
		const direct = data.kind === "line" && data.series.length > 1 && data.series.length <= 4 && box.clientWidth > 560
			&& data.series.every((s) => s.values.at(-1) != null); // a name behind a line that ends early would lie on the others
		box.parentElement.classList.toggle("is-labelled", direct);
		if (data.kind === "lorenz") lorenz(data, look, option, write);
		else if (data.kind === "line") lines(data, look, option, direct, box.clientHeight);
		else bars(data, look, option, brief, box.clientWidth);
		const chart = echarts.getInstanceByDom(box) ?? echarts.init(box, null, { renderer: "svg" });
		chart.setOption(option, true);
		probe.remove();
	};

	const watch = new ResizeObserver((entries) => entries.forEach((e) => window.echarts?.getInstanceByDom(e.target)?.resize()));
	const drawCharts = async (again = false) => {
		const boxes = all("[data-chart]").filter((b) => again || !b.dataset.drawn);
		if (!boxes.length) return;
		const echarts = await loadLibrary();
		boxes.forEach((box) => {
			box.dataset.drawn = "1";
			draw(box, echarts);
			watch.observe(box);
		});
	};

	// Paper has another width: pictures are drawn anew for about the column they stand in there, and grow and shrink with it.
	const paper = (box) => box.closest(".s-cols:not(.s-cols-21, .s-cols-3)") ? 340 : 680;
	window.addEventListener("beforeprint", () => all("[data-chart]").forEach((box) => {
		const chart = window.echarts?.getInstanceByDom(box), svg = box.querySelector("svg");
		if (!chart || !svg) return;
		chart.resize({ width: paper(box) });
		chart.getZr().flush();
		svg.setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
	}));
	window.addEventListener("afterprint", () => all("[data-chart]").forEach((box) => {
		box.querySelector("svg")?.removeAttribute("viewBox");
		window.echarts?.getInstanceByDom(box)?.resize({ width: "auto" });
	}));

	// --- Start ------------------------------------------------------------------------------------
	html.classList.add("s-js");
	openDialog(location.hash.slice(1));
	find("[data-focus]")?.focus();
	all(".s-tabs .is-active").forEach((tab) => { // sideways only: the page itself stays at its top
		const strip = tab.closest(".s-tabs");
		strip.scrollLeft += tab.getBoundingClientRect().left - strip.getBoundingClientRect().left - (strip.clientWidth - tab.clientWidth) / 2;
	});
	drawCharts();
})();
