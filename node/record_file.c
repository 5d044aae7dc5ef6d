#include "node/record_file.h"

#include <stdlib.h>
#include <string.h>

#include "node/file.h"
#include "store/pack.h"

static enum fc_err append(struct fc_record_file *file, struct fc_span bytes)
{
    struct fc_record record;
    enum fc_err err = fc_record_parse(bytes, &record);
    if (err != FC_OK)
        return err;
    if ((file->count & (file->count - 1)) == 0) {
        size_t room = file->count ? file->count * 2 : 1;
        struct fc_record *more = realloc(file->records, room * sizeof *more);
        if (!more)
            return FC_E_NOMEM;
        file->records = more;
    }
    file->records[file->count++] = record;
    return FC_OK;
}

enum fc_err fc_record_file_read(const char *path, struct fc_record_file *file)
{
    *file = (struct fc_record_file){0};
    enum fc_err err = fc_file_read(path, FC_RECORD_FILE_BYTES_MAX, &file->bytes);
    if (err == FC_OK)
        err = fc_record_file_split(file);
    if (err != FC_OK)
        fc_record_file_finish(file);
    return err;
}

enum fc_err fc_record_file_split(struct fc_record_file *file)
{
    enum fc_err err = FC_OK;
    struct fc_unpack in;
    fc_unpack_init(&in, fc_buf_span(&file->bytes));
    while (err == FC_OK && in.pos < in.len) {
        struct fc_span bytes = fc_unpack_any(&in);
        err = in.err != FC_OK ? in.err : append(file, bytes);
    }
    if (err == FC_OK && file->count == 0)
        err = FC_E_FORMAT;
    return err;
}

void fc_record_file_finish(struct fc_record_file *file)
{
    fc_buf_finish(&file->bytes);
    free(file->records);
    *file = (struct fc_record_file){0};
}

const struct fc_record *fc_record_file_last(const struct fc_record_file *file,
                                            enum fc_record_type type)
{
    for (size_t i = file->count; i-- > 0;)
        if (file->records[i].type == type)
            return &file->records[i];
    return NULL;
}
