#include "store/err.h"

struct row {
    enum fc_err code;
    const char *name;
    const char *text;
};

static const struct row rows[] = {{FC_OK, "OK", "success"},
#define FC_ERR_ROW(name, number, text) {FC_E_##name, #name, text},
                                  FC_ERR_TABLE(FC_ERR_ROW)
#undef FC_ERR_ROW
};

static const struct row *find(enum fc_err err)
{
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].code == err)
            return &rows[i];
    return 0;
}

const char *fc_err_text(enum fc_err err)
{
    const struct row *row = find(err);
    return row ? row->text : "unknown error";
}

const char *fc_err_name(enum fc_err err)
{
    const struct row *row = find(err);
    return row ? row->name : "UNKNOWN_ERROR";
}
