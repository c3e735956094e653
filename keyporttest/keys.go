package keyporttest

import (
	"crypto"
	"encoding/json"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/domain"
)

// signingKey signs what the server issues. ES256 costs a thirtieth of what RS256
// does, so that the server is not what a benchmark measures.
type signingKey struct {
	algorithm jose.SignatureAlgorithm
	id        string
	public    crypto.PublicKey
	private   crypto.Signer
	signers   map[string]jose.Signer // by "typ"
}

// The types of access tokens: Microsoft's, and that of RFC 9068 §2.1.
const (
	typeJWT         = "JWT"
	typeAccessToken = "at+jwt"
)

func newKeyring(algorithm string) keyring {
	switch algorithm {
	case "":
		algorithm = string(jose.ES256)
	case string(jose.ES256), string(jose.RS256):
	default:
		panic("keyporttest: no signing algorithm " + algorithm)
	}
	return keyring{generation: 1, access: newSigningKey(jose.SignatureAlgorithm(algorithm), 1)}
}

func newSigningKey(algorithm jose.SignatureAlgorithm, generation int) signingKey {
	private := newPrivateKey(algorithm, generation)
	learnKey(private)
	k := signingKey{
		algorithm: algorithm, id: keyID(algorithm, generation), public: private.Public(), private: private, signers: map[string]jose.Signer{},
	}
	for _, typ := range []string{typeJWT, typeAccessToken} {
		signer, err := jose.NewSigner(
			jose.SigningKey{Algorithm: k.algorithm, Key: jose.JSONWebKey{Key: private, KeyID: k.id}},
			(&jose.SignerOptions{}).WithType(jose.ContentType(typ)),
		)
		if err != nil {
			panic("keyporttest: " + err.Error())
		}
		k.signers[typ] = signer
	}
	return k
}

// sign writes a JWT of a type.
func (k signingKey) sign(typ string, claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic("keyporttest: " + err.Error())
	}
	jws, err := k.signers[typ].Sign(payload)
	if err != nil {
		panic("keyporttest: " + err.Error())
	}
	out, err := jws.CompactSerialize()
	if err != nil {
		panic("keyporttest: " + err.Error())
	}
	return out
}

// keys is the JWKS of the tokens that the server signs. Microsoft's has the issuer
// beside each key and leaves the algorithm out.
func (a *Authority) keys(x *exchange) (any, *problem) {
	issuer, problem := a.issuer(x)
	if problem != nil {
		return nil, problem
	}
	var list []any
	for _, key := range a.keysAt(x.authority.Kind()) {
		list = append(list, x.publish(key, issuer))
	}
	return map[string]any{"keys": list}, nil
}

// publish is a key in the JWKS.
func (x *exchange) publish(key signingKey, issuer string) any {
	jwk := jose.JSONWebKey{Key: key.public, KeyID: key.id, Use: "sig", Algorithm: string(key.algorithm)}
	if !x.authority.Kind().IsMicrosoft() {
		return jwk
	}
	jwk.Algorithm = ""
	text, err := jwk.MarshalJSON()
	var members map[string]any
	if err == nil {
		err = json.Unmarshal(text, &members)
	}
	if err != nil {
		panic("keyporttest: " + err.Error())
	}
	if x.authority.Kind() != domain.KindADFS {
		members["issuer"] = issuer
	}
	return members
}
