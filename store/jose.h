/* Public keys and signatures as JSON Web Signatures name them (RFC 7518, 8037): EdDSA over Ed25519,
 * ES256 and PS256; no other algorithm is known here. OpenSSL underneath. */
#ifndef FC_STORE_JOSE_H
#define FC_STORE_JOSE_H

#include "store/bytes.h"

enum fc_jose_alg { FC_JOSE_EDDSA = 1, FC_JOSE_ES256, FC_JOSE_PS256 };
/* By its name in a header, case and all; 0 when it is none of these. */
enum fc_jose_alg fc_jose_alg(const char *name);

enum {
    FC_JOSE_RSA_BITS_MIN = 2048, /* RFC 7518 section 3.5 */
    FC_JOSE_RSA_BITS_MAX = 8192, /* above, one check takes too long */
    FC_JOSE_RSA_EXPONENT_BYTES_MAX = 8,
    FC_JOSE_SIGNATURE_BYTES_MAX = FC_JOSE_RSA_BITS_MAX / 8,
};

struct fc_jose_key;
/* FC_E_FORMAT: no such key; FC_E_BOUND: an RSA key of a size that is not taken; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_jose_key_ed25519(struct fc_span x, struct fc_jose_key **key);
/* A point as SEC 1 writes it: 65 bytes, or 33 compressed. */
FC_MUST_USE enum fc_err fc_jose_key_p256(struct fc_span point, struct fc_jose_key **key);
/* Big-endian numbers. */
FC_MUST_USE enum fc_err fc_jose_key_rsa(struct fc_span n, struct fc_span e,
                                        struct fc_jose_key **key);
void fc_jose_key_destroy(struct fc_jose_key *key); /* NULL is fine */

/* FC_OK: the signature is right. FC_E_DENIED: the algorithm does not belong to this kind of key;
 * FC_E_SIGNATURE; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_jose_verify(const struct fc_jose_key *key, enum fc_jose_alg alg,
                                       struct fc_span signed_bytes, struct fc_span signature);

/* The subject of an X.509 certificate (RFC 4514), cut to the room there is, when it certifies this
 * very key. Nobody's trust in its issuer is judged. FC_E_FORMAT: no certificate; FC_E_DENIED: of
 * another key. */
FC_MUST_USE enum fc_err fc_jose_certificate(struct fc_span der, const struct fc_jose_key *key,
                                            char *subject, size_t size);

#endif
