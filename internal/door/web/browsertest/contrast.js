(() => {
	// Colours as the browser paints them, whatever notation the style sheet uses.
	const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
	const known = new Map();
	const rgba = (color) => {
		if (!known.has(color)) {
			context.clearRect(0, 0, 1, 1);
			context.fillStyle = color;
			context.fillRect(0, 0, 1, 1);
			const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
			known.set(color, [r, g, b, a / 255]);
		}
		return known.get(color);
	};
	const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]));
	const luminance = (c) => {
		const [r, g, b] = c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const background = (el) => {
		const layers = [];
		for (let e = el; e; e = e.parentElement) {
			const color = rgba(getComputedStyle(e).backgroundColor);
			if (color[3] > 0) layers.push(color);
			if (color[3] === 1) break;
		}
		return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
	};
	const weak = new Map();
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const text = walker.currentNode.data.trim(), el = walker.currentNode.parentElement;
		if (!text || el.closest("svg, script, option, progress, :disabled") || !el.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
		const box = el.getBoundingClientRect(), style = getComputedStyle(el);
		if (box.width < 2 || box.height < 2) continue;
		const below = background(el), front = over(rgba(style.color), below);
		const [light, dark] = [luminance(front), luminance(below)].sort((a, b) => b - a);
		const ratio = (light + 0.05) / (dark + 0.05);
		const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
		if (ratio < (large ? 3 : 4.5)) weak.set(el.className + "|" + style.color, `"${text.slice(0, 30)}" (${el.tagName.toLowerCase()}.${el.className}) ${ratio.toFixed(2)}`);
	}
	return [...weak.values()].slice(0, 12);
})()
