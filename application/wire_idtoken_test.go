package application_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The recorded servers' keys are not ours, so ID tokens are signed with one of this
// process, which the replay publishes at every place where keys are looked for.
var idTokenKey = sync.OnceValue(func() *jose.JSONWebKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return &jose.JSONWebKey{Key: key, KeyID: "lab-idp", Use: "sig", Algorithm: string(jose.RS256)}
})

// idTokenKeys is the JWKS document.
func idTokenKeys() json.RawMessage {
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{idTokenKey().Public()}})
	if err != nil {
		panic(err)
	}
	return text
}

// withIDToken returns a recorded token response with its ID token, if it has one,
// made anew: of now, of this issuer unless that is empty, and with this nonce.
func withIDToken(body json.RawMessage, issuer, nonce string, now time.Time) (json.RawMessage, error) {
	var response map[string]any
	if err := json.Unmarshal(body, &response); err != nil {
		return nil, err
	}
	old, has := response["id_token"].(string)
	if !has {
		return body, nil
	}
	claims, err := recordedClaims(old)
	if err != nil {
		return nil, err
	}
	claims["iat"], claims["nbf"], claims["auth_time"] = now.Unix(), now.Unix(), now.Unix()
	claims["exp"] = now.Add(time.Hour).Unix()
	if issuer != "" {
		claims["iss"] = issuer
	}
	delete(claims, "nonce")
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if response["id_token"], err = signClaims(claims); err != nil {
		return nil, err
	}
	return json.Marshal(response)
}

func recordedClaims(jwt string) (map[string]any, error) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return nil, errors.New("the recorded ID token is no JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	claims := map[string]any{}
	return claims, json.Unmarshal(payload, &claims)
}

func signClaims(claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: *idTokenKey()}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}
