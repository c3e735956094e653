package domain

import "crypto"

// TLSBinding describes a TLS connection that is tied to a key or to a server
// certificate. It identifies a pool: connections of two bindings are never shared.
type TLSBinding struct {
	// ClientCertificate is the DER chain to present, leaf first; nil for none (RFC 8705).
	ClientCertificate [][]byte
	// ClientKey is the private key of the leaf. It may live in hardware.
	ClientKey crypto.Signer
	// ServerCertificateSHA256 pins the server's leaf certificate by the SHA-256 of its
	// DER form, in place of chain and name verification; nil for ordinary verification.
	ServerCertificateSHA256 []byte
	// ServerCertificateSHA1 is the weaker form that Service Fabric publishes
	// (IDENTITY_SERVER_THUMBPRINT); nil for none.
	ServerCertificateSHA1 []byte
	// NoProxy connects directly whatever the environment says.
	NoProxy bool
}
