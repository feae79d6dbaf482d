#!/bin/sh
# Fetches the third-party parts of the web page at pinned versions and puts the
# files we serve into lib/. Their result is committed, so building and
# running Stamm needs neither Node nor a network; run this only to change a
# version, look at the difference, and update LICENSES.md.
set -eu
cd "$(dirname "$0")"

tabler=1.6.1 htmx=2.0.11 echarts=6.1.0 icons=3.51.0

# The icons we use, and only those; ui.Icon knows each by its file name.
used="home users chart-histogram send gift headset adjustments-horizontal settings
search dots sun moon device-desktop language x chevron-down chevron-right chevron-left
arrow-up arrow-down download upload check alert-triangle alert-circle info-circle
circle-check filter columns-3 plus logout user mail phone shopping-cart arrow-back-up
receipt-refund note file-text trash pencil calendar printer building map-pin clock
player-stop coin file-spreadsheet message link refresh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() { # package version -> $work/NAME
	npm pack --silent --pack-destination "$work" "$1@$2" >/dev/null
	mkdir -p "$work/$3"
	tar -xzf "$work"/*.tgz -C "$work/$3" --strip-components=1
	rm "$work"/*.tgz
}
fetch @tabler/core "$tabler" tabler
fetch htmx.org "$htmx" htmx
fetch echarts "$echarts" echarts
fetch @tabler/icons "$icons" icons

rm -rf lib && mkdir -p lib/icons
# Source maps are not shipped, so the pointers to them go.
sed '/^\/\*# sourceMappingURL=/d' "$work/tabler/dist/css/tabler.min.css" >lib/tabler.min.css
cp "$work/htmx/dist/htmx.min.js" lib/
cp "$work/echarts/dist/echarts.common.min.js" lib/
cp "$work/htmx/LICENSE" lib/htmx.LICENSE
cp "$work/echarts/LICENSE" lib/echarts.LICENSE
cp "$work/echarts/NOTICE" lib/echarts.NOTICE
cp "$work/icons/LICENSE" lib/tabler-icons.LICENSE
for name in $used; do
	cp "$work/icons/icons/outline/$name.svg" lib/icons/
done
