package assertion_test

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/assertion"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

func TestHeaderForEachKindOfServer(t *testing.T) {
	key := keyOf(rsaKey())
	one, two := base64.RawURLEncoding.EncodeToString(key.SHA1), base64.RawURLEncoding.EncodeToString(key.SHA256)
	bySHA1 := key
	bySHA1.SHA256 = nil
	named := key
	named.KeyID = "key-1"
	for _, tt := range []struct {
		name string
		kind domain.AuthorityKind
		key  assertion.Key
		want map[string]any
	}{
		{"Entra ID", domain.KindEntra, key, map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": two}},
		{"B2C", domain.KindB2C, key, map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": two}},
		{"CIAM", domain.KindCIAM, key, map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": two}},
		{"AD FS", domain.KindADFS, key, map[string]any{"alg": "RS256", "typ": "JWT", "x5t": one}},
		{"dSTS", domain.KindDSTS, key, map[string]any{"alg": "RS256", "typ": "JWT", "x5t": one}},
		{"another", domain.KindOIDC, key, map[string]any{"alg": "RS256", "typ": "client-authentication+jwt"}},
		{"Entra ID, SHA-1 only", domain.KindEntra, bySHA1, map[string]any{"alg": "RS256", "typ": "JWT", "x5t": one}},
		{"Entra ID, with a key id", domain.KindEntra, named, map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": two, "kid": "key-1"}},
		{"another, with a key id", domain.KindOIDC, named, map[string]any{"alg": "RS256", "typ": "client-authentication+jwt", "kid": "key-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := entra()
			p.Kind, p.Offered = tt.kind, []string{"RS256", "ES256"} // what Microsoft's servers offer is known better
			header, _ := read(t, mustGet(t, new(assertion.Cache), tt.key, p, noon), rsaKey().Public())
			if diff := cmp.Diff(tt.want, header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

// The encoding of a thumbprint, from known bytes.
func TestThumbprintEncoding(t *testing.T) {
	key := keyOf(rsaKey())
	key.SHA1 = must(hex.DecodeString("A1B2C3D4E5F6A1B2C3D4E5F6A1B2C3D4E5F6A1B2"))
	p := entra()
	p.Kind = domain.KindADFS
	header, _ := read(t, mustGet(t, new(assertion.Cache), key, p, noon), rsaKey().Public())
	if want := "obLD1OX2obLD1OX2obLD1OX2obI"; header["x5t"] != want {
		t.Errorf("x5t is %v, want %s", header["x5t"], want)
	}
}

func TestKeysWithoutAThumbprint(t *testing.T) {
	none := keyOf(rsaKey())
	none.SHA1, none.SHA256 = nil, nil
	onlySHA256 := keyOf(rsaKey())
	onlySHA256.SHA1 = nil
	for _, tt := range []struct {
		kind domain.AuthorityKind
		key  assertion.Key
		ok   bool
	}{
		{domain.KindEntra, none, false}, {domain.KindADFS, none, false}, {domain.KindOIDC, none, true},
		{domain.KindEntra, onlySHA256, true}, {domain.KindADFS, onlySHA256, false}, {domain.KindDSTS, onlySHA256, false},
	} {
		p := entra()
		p.Kind = tt.kind
		if tt.ok {
			mustGet(t, new(assertion.Cache), tt.key, p, noon)
			continue
		}
		got, err := new(assertion.Cache).Get(t.Context(), tt.key, p, noon)
		if bad := mustRefuse(t, "Credential", got, err); !strings.Contains(bad.Problem, tt.kind.String()) || bad.Remedy == "" {
			t.Errorf("got %v, want it to name the server and a remedy", bad)
		}
	}
}

func TestX5C(t *testing.T) {
	key := keyOf(rsaKey())
	ca := keyporttest.NewECCertificate("CA")
	key.Chain = append(key.Chain, ca.Leaf)
	want := []any{base64.StdEncoding.EncodeToString(key.Chain[0].Raw), base64.StdEncoding.EncodeToString(ca.Leaf.Raw)}
	for _, send := range []bool{true, false} {
		key.SendX5C = send
		for _, kind := range []domain.AuthorityKind{domain.KindEntra, domain.KindADFS, domain.KindOIDC} {
			p := entra()
			p.Kind = kind
			header, _ := read(t, mustGet(t, new(assertion.Cache), key, p, noon), rsaKey().Public())
			got, there := header["x5c"]
			if there != (send && kind != domain.KindOIDC) {
				t.Errorf("%v, asked for: %t; sent: %t", kind, send, there)
			}
			if diff := cmp.Diff(any(want), got); there && diff != "" {
				t.Errorf("%v (-want +got):\n%s", kind, diff)
			}
		}
	}
}

func TestClaims(t *testing.T) {
	now := noon.Add(999 * 1e6) // a part of a second is dropped
	_, claims := read(t, mustGet(t, new(assertion.Cache), keyOf(rsaKey()), entra(), now), rsaKey().Public())
	jti, _ := claims["jti"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(jti) {
		t.Errorf("jti is %q, want a UUID", jti)
	}
	want := map[string]any{
		"aud": tokenEndpoint, "iss": clientID, "sub": clientID, "jti": jti,
		"iat": json.Number("1795521600"), "nbf": json.Number("1795521600"), "exp": json.Number("1795522200"),
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func TestEveryAssertionHasANewID(t *testing.T) {
	seen := map[any]bool{}
	for _, p := range []assertion.Profile{entra(), plain()} {
		for range 3 {
			_, claims := read(t, mustGet(t, new(assertion.Cache), keyOf(rsaKey()), p, noon), rsaKey().Public())
			if seen[claims["jti"]] {
				t.Errorf("jti %v comes twice", claims["jti"])
			}
			seen[claims["jti"]] = true
		}
	}
}

func TestTheCallersClaimsReplaceAnyOther(t *testing.T) {
	given := map[string]any{
		"aud": "a", "iss": "b", "sub": "c", "exp": noon.Unix() + 60, "iat": noon.Unix() - 60, "jti": "d", "nbf": noon.Unix() - 30,
		"client_ip": "10.0.0.1", "nested": map[string]any{"x": []string{"y"}},
	}
	before := len(given)
	for _, p := range []assertion.Profile{entra(), plain()} {
		p.Overrides = given
		_, claims := read(t, mustGet(t, new(assertion.Cache), keyOf(rsaKey()), p, noon), rsaKey().Public())
		want := map[string]any{
			"aud": "a", "iss": "b", "sub": "c", "exp": json.Number("1795521660"), "iat": json.Number("1795521540"), "jti": "d",
			"nbf": json.Number("1795521570"), "client_ip": "10.0.0.1", "nested": map[string]any{"x": []any{"y"}},
		}
		if diff := cmp.Diff(want, claims); diff != "" {
			t.Errorf("%v: claims (-want +got):\n%s", p.Kind, diff)
		}
	}
	if len(given) != before {
		t.Errorf("the caller's map has %d claims afterwards, want %d", len(given), before)
	}
}

func TestClaimsThatCannotBeSent(t *testing.T) {
	for name, overrides := range map[string]map[string]any{
		"exp is a text": {"exp": "1795522200"}, "exp is null": {"exp": nil}, "exp is a list": {"exp": []int{1}}, "exp is too large": {"exp": json.Number("1e400")},
		"a function": {"x": func() {}}, "no number": {"x": json.Number("x")},
	} {
		for _, p := range []assertion.Profile{entra(), plain()} {
			p.Overrides = overrides
			got, err := new(assertion.Cache).Get(t.Context(), keyOf(rsaKey()), p, noon)
			t.Run(name, func(t *testing.T) { mustRefuse(t, "AssertionClaims", got, err) })
		}
		got, err := assertion.BySecret(domain.NewSecret(strings.Repeat("s", 32)), assertion.Profile{Overrides: overrides}, noon)
		mustRefuse(t, "AssertionClaims", got, err)
	}
}

func TestAlgorithmOfEachKey(t *testing.T) {
	for _, tt := range []struct {
		name    string
		signer  crypto.Signer
		entra   string
		plain   string
		offered []string // by the plain server
	}{
		{"RSA", rsaKey(), "PS256", "RS256", nil},
		{"RSA, offered", rsaKey(), "PS256", "PS256", []string{"RS256", "PS256"}},
		{"RSA, little offered", rsaKey(), "PS256", "RS512", []string{"ES256", "RS512"}},
		{"P-256", ecKey(elliptic.P256()), "ES256", "ES256", nil},
		{"P-384", ecKey(elliptic.P384()), "ES384", "ES384", []string{"RS256", "ES384"}},
		{"P-521", ecKey(elliptic.P521()), "ES512", "ES512", []string{"ES512"}},
		{"Ed25519", edKey(), "EdDSA", "EdDSA", []string{"EdDSA"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 3 { // signatures differ each time: leading zeros come and go
				header, _ := read(t, mustGet(t, new(assertion.Cache), keyOf(tt.signer), entra(), noon), tt.signer.Public())
				if header["alg"] != tt.entra {
					t.Errorf("alg for Entra ID is %v, want %s", header["alg"], tt.entra)
				}
				header, _ = read(t, mustGet(t, new(assertion.Cache), keyOf(tt.signer), plain(tt.offered...), noon), tt.signer.Public())
				if header["alg"] != tt.plain {
					t.Errorf("alg for another server is %v, want %s", header["alg"], tt.plain)
				}
			}
		})
	}
}

func TestAlgorithmThatIsWanted(t *testing.T) {
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
		for _, p := range []assertion.Profile{entra(), plain("ES256")} { // whatever the server offers
			key := keyOf(rsaKey())
			key.Algorithm = alg
			if header, _ := read(t, mustGet(t, new(assertion.Cache), key, p, noon), rsaKey().Public()); header["alg"] != alg {
				t.Errorf("alg is %v, want %s", header["alg"], alg)
			}
		}
	}
	for _, alg := range []string{"HS256", "none", "ES256", "ES384", "ps256"} {
		key := keyOf(rsaKey())
		key.Algorithm = alg
		got, err := new(assertion.Cache).Get(t.Context(), key, entra(), noon)
		if bad := mustRefuse(t, "Credential", got, err); !strings.Contains(bad.Problem, alg) || !strings.Contains(bad.Remedy, "PS256") {
			t.Errorf("got %v, want it to name what was wanted and what there is", bad)
		}
	}
}

func TestKeysThatNoServerTakes(t *testing.T) {
	for name, tt := range map[string]struct {
		public crypto.PublicKey
		p      assertion.Profile
	}{
		"P-224":             {ecKey(elliptic.P224()).Public(), plain()},
		"no key":            {nil, plain()},
		"text":              {"a key", entra()},
		"not offered":       {rsaKey().Public(), plain("ES256", "HS256")},
		"offered in lower ": {rsaKey().Public(), plain("rs256")},
		"P-384 not offered": {ecKey(elliptic.P384()).Public(), plain("ES256")},
	} {
		t.Run(name, func(t *testing.T) {
			key := assertion.Key{Signer: liar{public: tt.public}, SHA1: make([]byte, 20), SHA256: make([]byte, 32)}
			got, err := new(assertion.Cache).Get(t.Context(), key, tt.p, noon)
			mustRefuse(t, "Credential", got, err)
		})
	}
}

// RFC 7518 §3.5: the salt is as long as the hash.
func TestSaltOfPS256(t *testing.T) {
	text := mustGet(t, new(assertion.Cache), keyOf(rsaKey()), entra(), noon)
	cut := strings.LastIndexByte(text, '.')
	digest := sha256.Sum256([]byte(text[:cut]))
	signature := must(base64.RawURLEncoding.DecodeString(text[cut+1:]))
	public, _ := rsaKey().Public().(*rsa.PublicKey)
	exactly := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	if err := rsa.VerifyPSS(public, crypto.SHA256, digest[:], signature, exactly); err != nil {
		t.Error(err)
	}
}
