/* Directories that tests make and remove. */
#ifndef FC_TESTS_TEMPDIR_H
#define FC_TESTS_TEMPDIR_H

/* A new directory's path, on the heap; aborts when there can be none. */
char *tempdir_create(void);
/* Removes it with all that is in it, and frees the path. */
void tempdir_destroy(char *path);
/* Removes what is in it. */
void tempdir_clear(const char *path);
/* `dir`/`name` on the heap; free with free(). */
char *tempdir_path(const char *dir, const char *name);

#endif
