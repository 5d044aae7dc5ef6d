/* The API's description (OpenAPI 3.1), as it is served: node/openapi.json. */
#ifndef FC_NODE_OPENAPI_H
#define FC_NODE_OPENAPI_H

#include "store/bytes.h"

struct fc_span fc_openapi(void);

#endif
