#!/bin/bash
# The routes of the XFSC Federated Catalogue against its OpenAPI document, on two nodes.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../interop/lib.sh"

found a b
start b
look xfsc "$(url a)" "$(token a writer)" "$(url b)" "$(token b writer)" \
    "$(dirname "$0")/../vectors/credentials.json"
