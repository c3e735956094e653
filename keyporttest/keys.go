package keyporttest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/domain"
)

// signingKey signs what the server issues. ES256 costs a thirtieth of what RS256
// does, so that the server is not what a benchmark measures.
type signingKey struct {
	algorithm jose.SignatureAlgorithm
	id        string
	public    crypto.PublicKey
	signers   map[string]jose.Signer // by "typ"
}

// The types of access tokens: Microsoft's, and that of RFC 9068 §2.1.
const (
	typeJWT         = "JWT"
	typeAccessToken = "at+jwt"
)

func newSigningKey(algorithm string) signingKey {
	k := signingKey{algorithm: jose.SignatureAlgorithm(algorithm), id: "keyporttest-1", signers: map[string]jose.Signer{}}
	var private crypto.Signer
	switch k.algorithm {
	case "", jose.ES256:
		k.algorithm, private = jose.ES256, newECKey()
	case jose.RS256:
		private = sharedRSAKey()
	default:
		panic("keyporttest: no signing algorithm " + algorithm)
	}
	learnKey(private)
	k.public = private.Public()
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

// sharedRSAKey is one for the process: to make an RSA key takes a while.
var sharedRSAKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("keyporttest: " + err.Error())
	}
	return key
})

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
	jwk := jose.JSONWebKey{Key: a.key.public, KeyID: a.key.id, Use: "sig", Algorithm: string(a.key.algorithm)}
	if !x.authority.Kind().IsMicrosoft() {
		return map[string]any{"keys": []any{jwk}}, nil
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
	return map[string]any{"keys": []any{members}}, nil
}
