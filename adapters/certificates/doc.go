// Package certificates reads private keys and certificates in the forms that
// people have, and makes of them what a client signs with: a key and an ordered
// chain.
//
//	certificate, err := certificates.ReadFile("app.pem", domain.NewSecret(passphrase))
//
// # Which form
//
//   - PEM is text. It holds the key and, in any order, certificates. Keys may be
//     PKCS#8 ("PRIVATE KEY"), encrypted PKCS#8 ("ENCRYPTED PRIVATE KEY"), PKCS#1 ("RSA
//     PRIVATE KEY") or SEC 1 ("EC PRIVATE KEY").
//   - PFX, or PKCS#12, is one binary file with key and chain under a passphrase: what
//     Windows and most certificate authorities export.
//   - With no certificate at hand, a key and the certificate's thumbprint will do,
//     as for other libraries' private_key and thumbprint.
//
// Keys protected in the old way ("Proc-Type: 4,ENCRYPTED", RFC 1423) are refused:
// that scheme has no integrity and a weak derivation. One command converts them:
//
//	openssl pkcs8 -topk8 -in old.pem -out new.pem
//
// # The chain
//
// Servers want the leaf first and answer AADSTS700027 when it is not. Whatever the
// order in the file, the certificate of the key comes first here, each issuer
// after what it issued; certificates that have nothing to do with it are left out.
//
// Errors are [*domain.ConfigError] and name the field of [Source]. They hold no
// key, no passphrase and no part of a file.
package certificates
