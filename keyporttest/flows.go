package keyporttest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"time"
)

// Kinds of secrets, and of personal data, that the flows of users bring.
const (
	kindPassword     = "password"
	kindCode         = "authorization code"
	kindRefreshToken = "refresh token"
	kindIDToken      = "ID token"
	kindCookie       = "session cookie"
	kindUsername     = "user name"
	kindEmail        = "e-mail address"
	kindFullName     = "name of a user"
)

// userFlows is what the server remembers of users and what they let clients do. It
// is guarded by the authority's mu.
type userFlows struct {
	people   map[string]person              // by user name
	sessions map[string]*session            // by cookie
	consents map[consentKey]map[string]bool // scopes that a user has consented to
	codes    map[string]*code
	refresh  map[string]*refreshToken
	devices  deviceFlows
	issued   map[string]*issuedToken         // users' access tokens, by jti
	revoked  map[string]time.Time            // access tokens that were revoked, to their end
	idTokens map[[sha256.Size]byte]time.Time // ID tokens, to their end

	policy   *RefreshTokens            // nil for what each kind of server does
	required map[string]map[string]any // claims that a resource wants, by its key
	forgery  *forgery
	public   bool // personal data may show
}

func newUserFlows(o Options) userFlows {
	alice := newPerson(TenantID, User{
		ID: UserID, Username: Username, Password: UserPassword,
		Name: UserFullName, GivenName: "Alice", FamilyName: "Example",
	})
	return userFlows{
		people:   map[string]person{personKey(Username): alice},
		sessions: map[string]*session{}, consents: map[consentKey]map[string]bool{},
		codes: map[string]*code{}, refresh: map[string]*refreshToken{}, devices: newDeviceFlows(), issued: map[string]*issuedToken{},
		revoked: map[string]time.Time{}, idTokens: map[[sha256.Size]byte]time.Time{}, required: map[string]map[string]any{}, public: o.AllowPersonalData,
	}
}

// pruneAt is the size from which a map of the flows is tidied.
const pruneAt = 1024

// prune takes out what has ended: now and then, and seldom while it is much.
func prune[K comparable, V any](m map[K]V, hasEnded func(V) bool) {
	if n := len(m); n >= pruneAt && n&(n-1) == 0 {
		maps.DeleteFunc(m, func(_ K, v V) bool { return hasEnded(v) })
	}
}

// asJSON is v in JSON, which it must have a form in.
func asJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("keyporttest: " + err.Error())
	}
	return text
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// meet registers a user's names as personal data, which [AssertClean] and [ScanOutput]
// look for from then on: once there are tokens that tell of the user.
func (a *Authority) meet(p person) {
	a.mu.Lock()
	public := a.flows.public
	a.mu.Unlock()
	if public {
		return
	}
	secrets.learn(kindUsername, p.Username)
	secrets.learn(kindEmail, p.Email)
	secrets.learn(kindFullName, p.Name)
}

func isPersonal(kind string) bool {
	return kind == kindUsername || kind == kindEmail || kind == kindFullName
}
