/* Files of sim/assets that are part of the program. */
#ifndef FC_SIM_ASSETS_H
#define FC_SIM_ASSETS_H

#include "store/bytes.h"

struct fc_span fc_asset_page_css(void);
struct fc_span fc_asset_page_html(void); /* within <body> */
struct fc_span fc_asset_echarts(void);   /* Apache ECharts, minified */
struct fc_span fc_asset_europe(void);    /* outlines of countries, GeoJSON */
/* The page's scripts, in the order in which they run. */
struct fc_span fc_asset_data_js(void);
struct fc_span fc_asset_plots_js(void);
struct fc_span fc_asset_run_js(void);
struct fc_span fc_asset_map_js(void);
struct fc_span fc_asset_sweep_js(void);
struct fc_span fc_asset_page_js(void);

#endif
