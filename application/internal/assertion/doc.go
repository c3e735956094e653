// Package assertion makes the signed JWTs by which a client authenticates itself
// to a token endpoint (RFC 7523 §2.2, private_key_jwt; OIDC Core §9,
// client_secret_jwt), and keeps them for as long as they may be used again.
//
// The key is any [crypto.Signer], so it may stay in a vault or in hardware. What
// it signs is checked before it is sent: a signer that answers with another
// algorithm is found out here and not by the server.
package assertion
