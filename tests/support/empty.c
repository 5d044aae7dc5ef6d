/* Keeps the library from being empty. */
typedef int fc_test_support_is_a_library;
