#include "store/kv_lmdb_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Laid out as in the file. */
struct page_header {
    uint64_t number;
    uint16_t pad;
    uint16_t flags;
    union {
        struct {
            uint16_t lower; /* end of the slots */
            uint16_t upper; /* start of the nodes */
        } room;
        uint32_t pages; /* of an overflow run */
    } u;
};
enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_META = 8 };

struct node_header {
    uint16_t low; /* of the data's size, or of the child's page number */
    uint16_t high;
    uint16_t flags; /* and the top of that number in a branch */
    uint16_t key_len;
};
enum { NODE_BIG = 1, NODE_TABLE = 2 };
/* How a table's keys are compared and its values kept; above are flags of the environment. */
enum { TABLE_KIND = 0x7f, TABLE_INTEGER_KEYS = 8 };

struct table {
    uint32_t pad; /* of the first table: the page size */
    uint16_t flags;
    uint16_t depth;
    uint64_t branches;
    uint64_t leaves;
    uint64_t overflows;
    uint64_t rows;
    uint64_t root;
};

struct meta {
    uint32_t magic;
    uint32_t version;
    uint64_t address;
    uint64_t map_bytes;
    struct table free;
    struct table main;
    uint64_t last;
    uint64_t txn;
};

_Static_assert(sizeof(struct page_header) == 16 && sizeof(struct node_header) == 8 &&
                   sizeof(struct table) == 48 && sizeof(struct meta) == 136,
               "as in the file");

enum {
    META_MAGIC = 0xBEEFC0DE,
    META_VERSION = 1,
    HEADER_BYTES = 16,
    PAGE_BYTES_MIN = 512,
    PAGE_BYTES_MAX = 32768,
    DEPTH_MAX = 32,
    HEAD_BRANCHES_MAX = 512,
};
#define NO_PAGE UINT64_MAX
static const uint64_t pages_max = (uint64_t)1 << 40;

struct walk {
    int fd;
    uint64_t file_bytes;
    uint32_t page_bytes;
    struct meta meta;
    bool all;
    unsigned branches_left; /* when not all are read */
    uint8_t *used;          /* a bit for each page */
};

/* One tree being walked. */
struct tree {
    struct walk *walk;
    bool of_free_lists;
    bool of_tables;
    struct table claims;
    struct table seen;
    uint8_t last[512]; /* the last key that was seen */
    size_t last_len;
    bool any;
};

static enum fc_err read_at(int fd, void *out, size_t len, uint64_t offset)
{
    uint8_t *to = out;
    while (len > 0) {
        ssize_t got = pread(fd, to, len, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return FC_E_IO;
        if (got == 0)
            return FC_E_CORRUPT;
        to += got;
        len -= (size_t)got;
        offset += (uint64_t)got;
    }
    return FC_OK;
}

static enum fc_err use_pages(struct walk *walk, uint64_t first, uint64_t count)
{
    if (first < 2 || first > walk->meta.last + 1 || count > walk->meta.last + 1 - first)
        return FC_E_CORRUPT;
    for (uint64_t page = first; walk->used && page < first + count; page++) {
        uint8_t bit = (uint8_t)(1u << page % 8);
        if (walk->used[page / 8] & bit)
            return FC_E_CORRUPT;
        walk->used[page / 8] |= bit;
    }
    return FC_OK;
}

static enum fc_err read_page(struct walk *walk, uint64_t number, uint8_t *page)
{
    enum fc_err err = use_pages(walk, number, 1);
    if (!err)
        err = read_at(walk->fd, page, walk->page_bytes, number * walk->page_bytes);
    struct page_header header;
    if (err)
        return err;
    memcpy(&header, page, sizeof header);
    return header.number == number ? FC_OK : FC_E_CORRUPT;
}

struct node {
    struct fc_span key;
    uint16_t flags;
    uint64_t child;
    uint32_t data_len;
    struct fc_span data; /* what is in the page of it: all, or a page number */
};

static enum fc_err node_at(const uint8_t *page, uint32_t page_bytes,
                           const struct page_header *header, unsigned index, struct node *node)
{
    uint16_t offset;
    struct node_header raw;
    memcpy(&offset, page + HEADER_BYTES + 2 * index, sizeof offset);
    if (offset % 2 || offset < header->u.room.upper || offset > page_bytes - sizeof raw)
        return FC_E_CORRUPT;
    memcpy(&raw, page + offset, sizeof raw);
    size_t left = page_bytes - offset - sizeof raw;
    if (raw.key_len > left)
        return FC_E_CORRUPT;
    node->key = fc_span(page + offset + sizeof raw, raw.key_len);
    node->flags = raw.flags;
    node->data_len = raw.low | (uint32_t)raw.high << 16;
    node->child = node->data_len | (uint64_t)raw.flags << 32;
    node->data = fc_span(NULL, 0);
    if (header->flags == PAGE_BRANCH)
        return FC_OK;
    size_t held = raw.flags & NODE_BIG ? sizeof(uint64_t) : node->data_len;
    if (raw.flags & ~(NODE_BIG | NODE_TABLE) || held > left - raw.key_len)
        return FC_E_CORRUPT;
    node->data = fc_span(node->key.data + raw.key_len, held);
    return FC_OK;
}

static size_t node_bytes(const struct node *node)
{
    size_t bytes = sizeof(struct node_header) + node->key.len + node->data.len;
    return bytes + bytes % 2;
}

/* Slots in bounds, and nodes that fill their part of the page without a gap. */
static enum fc_err check_room(const struct walk *walk, const uint8_t *page,
                              const struct page_header *header)
{
    uint32_t lower = header->u.room.lower, upper = header->u.room.upper;
    if (lower < HEADER_BYTES + 2 || lower % 2 || lower > upper || upper > walk->page_bytes)
        return FC_E_CORRUPT;
    size_t bytes = 0;
    for (unsigned i = 0; i < (lower - HEADER_BYTES) / 2; i++) {
        struct node node;
        enum fc_err err = node_at(page, walk->page_bytes, header, i, &node);
        if (err)
            return err;
        bytes += node_bytes(&node);
    }
    return bytes == walk->page_bytes - upper ? FC_OK : FC_E_CORRUPT;
}

static int order(const struct tree *tree, struct fc_span a, struct fc_span b)
{
    if (!tree->of_free_lists)
        return fc_span_cmp(a, b);
    uint64_t left = 0, right = 0;
    memcpy(&left, a.data, sizeof left);
    memcpy(&right, b.data, sizeof right);
    return (left > right) - (left < right);
}

static enum fc_err check_key(struct tree *tree, struct fc_span key, bool strict)
{
    if (!key.len || key.len > sizeof tree->last || (tree->of_free_lists && key.len != 8))
        return FC_E_CORRUPT;
    if (tree->any) {
        int cmp = order(tree, fc_span(tree->last, tree->last_len), key);
        if (cmp > 0 || (strict && cmp == 0))
            return FC_E_CORRUPT;
    }
    memcpy(tree->last, key.data, key.len);
    tree->last_len = key.len;
    tree->any = true;
    return FC_OK;
}

static enum fc_err walk_tree(struct walk *walk, const struct table *table, bool of_free_lists,
                             bool of_tables);

/* A value in pages of its own, read whole into `*value`. */
static enum fc_err read_overflow(struct tree *tree, const struct node *node, uint8_t **value)
{
    struct walk *walk = tree->walk;
    uint64_t first, pages = (HEADER_BYTES + (uint64_t)node->data_len - 1) / walk->page_bytes + 1;
    memcpy(&first, node->data.data, sizeof first);
    enum fc_err err = use_pages(walk, first, pages);
    if (err)
        return err;
    if (!(*value = malloc(HEADER_BYTES + (size_t)node->data_len)))
        return FC_E_NOMEM;
    struct page_header header;
    err =
        read_at(walk->fd, *value, HEADER_BYTES + (size_t)node->data_len, first * walk->page_bytes);
    if (err)
        return err;
    memcpy(&header, *value, sizeof header);
    if (header.number != first || header.flags != PAGE_OVERFLOW || header.u.pages < pages)
        return FC_E_CORRUPT;
    tree->seen.overflows += header.u.pages;
    return use_pages(walk, first + pages, header.u.pages - pages);
}

/* A count and as many page numbers, greatest first. */
static enum fc_err walk_free_list(struct walk *walk, struct fc_span list)
{
    uint64_t count, page, before = UINT64_MAX;
    if (list.len < sizeof count || list.len % sizeof count)
        return FC_E_CORRUPT;
    memcpy(&count, list.data, sizeof count);
    if (count > list.len / sizeof count - 1)
        return FC_E_CORRUPT;
    for (uint64_t i = 1; i <= count; i++) {
        memcpy(&page, list.data + i * sizeof page, sizeof page);
        if (page >= before)
            return FC_E_CORRUPT;
        enum fc_err err = use_pages(walk, page, 1);
        if (err)
            return err;
        before = page;
    }
    return FC_OK;
}

static enum fc_err walk_row(struct tree *tree, const struct node *node)
{
    uint8_t *value = NULL;
    enum fc_err err = FC_OK;
    struct fc_span data = node->data;
    tree->seen.rows++;
    if (tree->of_free_lists) { /* by the transaction that freed them */
        uint64_t txn;
        memcpy(&txn, node->key.data, sizeof txn);
        if (txn < 1 || txn > tree->walk->meta.txn)
            return FC_E_CORRUPT;
    }
    if (node->flags & NODE_TABLE) {
        struct table table;
        if (!tree->of_tables || node->flags != NODE_TABLE || data.len != sizeof table)
            return FC_E_CORRUPT;
        memcpy(&table, data.data, sizeof table);
        return walk_tree(tree->walk, &table, false, false);
    }
    if (!tree->walk->all && !tree->of_free_lists)
        return FC_OK;
    if (node->flags & NODE_BIG) {
        err = read_overflow(tree, node, &value);
        data = fc_span(value ? value + HEADER_BYTES : NULL, node->data_len);
    }
    if (!err && tree->of_free_lists)
        err = walk_free_list(tree->walk, data);
    free(value);
    return err;
}

static enum fc_err walk_leaf(struct tree *tree, const uint8_t *page,
                             const struct page_header *header)
{
    enum fc_err err = FC_OK;
    tree->seen.leaves++;
    for (unsigned i = 0; i < (header->u.room.lower - HEADER_BYTES) / 2u && !err; i++) {
        struct node node;
        err = node_at(page, tree->walk->page_bytes, header, i, &node);
        if (!err)
            err = check_key(tree, node.key, i > 0);
        if (!err)
            err = walk_row(tree, &node);
    }
    return err;
}

static enum fc_err walk_node(struct tree *tree, uint64_t number, unsigned depth);

static enum fc_err walk_branch(struct tree *tree, const uint8_t *page,
                               const struct page_header *header, unsigned depth)
{
    unsigned count = (header->u.room.lower - HEADER_BYTES) / 2u;
    enum fc_err err = count >= 2 ? FC_OK : FC_E_CORRUPT;
    tree->seen.branches++;
    for (unsigned i = 0; i < count && !err; i++) {
        struct node node;
        err = node_at(page, tree->walk->page_bytes, header, i, &node);
        if (!err && i > 0) /* the first key stands for all that are less, and is not kept */
            err = check_key(tree, node.key, false);
        if (!err)
            err = walk_node(tree, node.child, depth + 1);
    }
    return err;
}

/* Whether a look at the head of the file leaves this page out. */
static bool is_skipped(struct tree *tree, unsigned depth)
{
    struct walk *walk = tree->walk;
    if (walk->all || tree->of_free_lists || tree->of_tables || depth == 1)
        return false;
    if (depth == tree->claims.depth || walk->branches_left == 0)
        return true;
    walk->branches_left--;
    return false;
}

static enum fc_err walk_node(struct tree *tree, uint64_t number, unsigned depth)
{
    struct walk *walk = tree->walk;
    struct page_header header;
    bool leaf = depth == tree->claims.depth;
    if (depth > tree->claims.depth)
        return FC_E_CORRUPT;
    if (is_skipped(tree, depth))
        return use_pages(walk, number, 1);
    uint8_t *page = malloc(walk->page_bytes);
    if (!page)
        return FC_E_NOMEM;
    enum fc_err err = read_page(walk, number, page);
    if (err)
        goto out;
    memcpy(&header, page, sizeof header);
    err = FC_E_CORRUPT;
    if (header.flags != (leaf ? PAGE_LEAF : PAGE_BRANCH))
        goto out;
    err = check_room(walk, page, &header);
    if (!err)
        err = leaf ? walk_leaf(tree, page, &header) : walk_branch(tree, page, &header, depth);
out:
    free(page);
    return err;
}

static enum fc_err walk_tree(struct walk *walk, const struct table *table, bool of_free_lists,
                             bool of_tables)
{
    struct tree tree = {.walk = walk, .of_free_lists = of_free_lists, .of_tables = of_tables};
    tree.claims = *table;
    if ((table->root == NO_PAGE) != (table->depth == 0) || table->depth > DEPTH_MAX)
        return FC_E_CORRUPT;
    if ((table->flags & TABLE_KIND) != (of_free_lists ? TABLE_INTEGER_KEYS : 0))
        return FC_E_CORRUPT;
    enum fc_err err = table->depth ? walk_node(&tree, table->root, 1) : FC_OK;
    if (err || !walk->all)
        return err;
    bool same = tree.seen.branches == table->branches && tree.seen.leaves == table->leaves &&
                tree.seen.overflows == table->overflows && tree.seen.rows == table->rows;
    return same ? FC_OK : FC_E_CORRUPT;
}

static enum fc_err read_meta(int fd, uint64_t offset, struct meta *meta)
{
    uint8_t bytes[HEADER_BYTES + sizeof *meta];
    struct page_header header;
    enum fc_err err = read_at(fd, bytes, sizeof bytes, offset);
    if (err)
        return err;
    memcpy(&header, bytes, sizeof header);
    memcpy(meta, bytes + HEADER_BYTES, sizeof *meta);
    if (!(header.flags & PAGE_META) || meta->magic != META_MAGIC)
        return FC_E_CORRUPT;
    if (meta->version != META_VERSION)
        return FC_E_VERSION;
    uint32_t page_bytes = meta->free.pad;
    if (page_bytes < PAGE_BYTES_MIN || page_bytes > PAGE_BYTES_MAX || page_bytes & (page_bytes - 1))
        return FC_E_CORRUPT;
    return meta->last >= 1 && meta->last < pages_max ? FC_OK : FC_E_CORRUPT;
}

/* The later of the two; the library takes it by its number's last bit. */
static enum fc_err read_metas(struct walk *walk)
{
    struct meta other;
    enum fc_err err = read_meta(walk->fd, 0, &walk->meta);
    if (err)
        return err;
    walk->page_bytes = walk->meta.free.pad;
    err = read_meta(walk->fd, walk->page_bytes, &other);
    if (err)
        return err;
    if (other.free.pad != walk->page_bytes)
        return FC_E_CORRUPT;
    bool second = walk->meta.txn < other.txn;
    if (second)
        walk->meta = other;
    return walk->meta.txn % 2 == second ? FC_OK : FC_E_CORRUPT;
}

static bool all_are_used(const struct walk *walk)
{
    for (uint64_t page = 2; page <= walk->meta.last; page++)
        if (!(walk->used[page / 8] & 1u << page % 8))
            return false;
    return true;
}

static enum fc_err walk_file(struct walk *walk)
{
    struct stat stat;
    enum fc_err err = read_metas(walk);
    if (err)
        return err;
    if (fstat(walk->fd, &stat))
        return FC_E_IO;
    /* Pages at the end that were never needed need not have been written; then look at all. */
    uint64_t pages = walk->meta.last + 1;
    if ((uint64_t)stat.st_size < pages * walk->page_bytes)
        walk->all = true;
    /* A bit a page costs less than the file unless the number is a lie. */
    if (pages / 64 > (uint64_t)stat.st_size)
        return FC_E_CORRUPT;
    if (walk->all && !(walk->used = calloc(1, pages / 8 + 1)))
        return FC_E_NOMEM;
    err = walk_tree(walk, &walk->meta.free, true, false);
    if (!err)
        err = walk_tree(walk, &walk->meta.main, false, true);
    if (!err && walk->all && !all_are_used(walk))
        err = FC_E_CORRUPT;
    free(walk->used);
    return err;
}

enum fc_err fc_lmdb_pages_check(const char *path, enum fc_lmdb_pages_depth depth)
{
    struct walk walk = {.all = depth == FC_LMDB_PAGES_ALL, .branches_left = HEAD_BRANCHES_MAX};
    walk.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (walk.fd < 0)
        return errno == ENOENT ? FC_E_MISSING : FC_E_IO;
    enum fc_err err = walk_file(&walk);
    close(walk.fd);
    return err;
}
