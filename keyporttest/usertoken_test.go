package keyporttest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// pick returns some of the claims.
func pick(claims map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		if value, there := claims[name]; there {
			out[name] = value
		}
	}
	return out
}

// TestAccessTokensOfUsers: who, for which API, with which permissions, in the way of
// each kind of server.
func TestAccessTokensOfUsers(t *testing.T) {
	const id, name, full = keyporttest.UserID, keyporttest.Username, keyporttest.UserFullName
	u := newUsers(t, nil)
	pairwise := u.tokens("Entra ID", nil).idClaims(t)["sub"]
	if pairwise == id || pairwise == nil {
		t.Errorf("the subject is %v, which is no name for one app alone", pairwise)
	}
	for _, row := range []struct {
		kind, scope string
		want        map[string]any
	}{
		{"Entra ID", reports + "/read", map[string]any{"sub": pairwise, "oid": id, "aud": reports, "scp": "read", "idtyp": "user", "preferred_username": name, "name": full, "ver": "2.0", "tid": keyporttest.TenantID, "azp": clientID, "azpacr": "1"}},
		{"Entra ID", clientID + "/.default", map[string]any{"sub": pairwise, "oid": id, "aud": clientID, "scp": "user_impersonation", "idtyp": "user", "preferred_username": name, "name": full, "ver": "2.0", "tid": keyporttest.TenantID, "azp": clientID, "azpacr": "1"}},
		{"Entra ID", "User.Read Mail.Read", map[string]any{"sub": pairwise, "oid": id, "aud": keyporttest.Graph, "scp": "User.Read Mail.Read openid profile", "idtyp": "user", "upn": name, "name": full, "ver": "1.0", "tid": keyporttest.TenantID, "appid": clientID}},
		{"Entra ID v1", reports + "/read", map[string]any{"sub": pairwise, "oid": id, "aud": reports, "scp": "read", "idtyp": "user", "upn": name, "name": full, "ver": "1.0", "tid": keyporttest.TenantID, "appid": clientID}},
		{"CIAM", reports + "/read", map[string]any{"sub": pairwise, "oid": id, "aud": reports, "scp": "read", "idtyp": "user", "preferred_username": name, "name": full, "ver": "2.0", "tid": keyporttest.TenantID, "azp": clientID, "azpacr": "1"}},
		{"B2C", reports + "/read", map[string]any{"sub": id, "oid": id, "aud": reports, "scp": "read", "idtyp": "user", "name": full, "ver": "1.0", "tid": keyporttest.TenantID, "azp": clientID, "azpacr": "1", "tfp": "b2c_1_signin"}},
		{"AD FS", reports + "/read", map[string]any{"sub": pairwise, "aud": reports, "scp": "read openid profile offline_access", "upn": name, "ver": "1.0", "appid": clientID, "unique_name": `CONTOSO\alice`, "apptype": "Confidential", "auth_time": float64(noon.Unix())}},
		{"AD FS", "", map[string]any{"sub": pairwise, "aud": "urn:microsoft:userinfo", "scp": "openid profile offline_access", "upn": name, "ver": "1.0", "appid": clientID, "unique_name": `CONTOSO\alice`, "apptype": "Confidential", "auth_time": float64(noon.Unix())}},
		{"OIDC", reports + "/read", map[string]any{"sub": id, "aud": clientID, "scope": "openid profile offline_access " + reports + "/read", "client_id": clientID, "auth_time": float64(noon.Unix())}},
	} {
		got := u.tokens(row.kind, map[string]string{"scope": strings.TrimSpace("openid profile offline_access " + row.scope)})
		claims := pick(got.claims(t), "sub", "oid", "aud", "scp", "scope", "idtyp", "preferred_username", "upn", "name", "ver", "tid", "tfp", "azp", "azpacr", "appid", "client_id", "unique_name", "apptype", "auth_time", "roles")
		if row.want["ver"] == "1.0" && row.want["tid"] != nil { // too much to write down
			delete(claims, "unique_name")
		}
		if diff := cmp.Diff(row.want, claims); diff != "" {
			t.Errorf("%s, %s (-want +got):\n%s", row.kind, row.scope, diff)
		}
	}
}

// TestTheResourceParameter: the older way to say which API.
func TestTheResourceParameter(t *testing.T) {
	u := newUsers(t, nil)
	for _, row := range []struct {
		kind, resource, scope string
		want                  map[string]any
	}{
		{"Entra ID v1", reports, "", map[string]any{"aud": reports, "scp": "user_impersonation", "given_name": "Alice", "family_name": "Example"}},
		{"Entra ID v1", keyporttest.Graph, "openid", map[string]any{"aud": keyporttest.Graph, "scp": "User.Read", "given_name": "Alice", "family_name": "Example"}},
		{"AD FS", "https://anything.example", "", map[string]any{"aud": "https://anything.example", "scp": ""}},
		{"AD FS", "https://anything.example", "openid " + reports + "/read", map[string]any{"aud": "https://anything.example", "scp": "read openid"}},
	} {
		got := u.tokens(row.kind, map[string]string{"resource": row.resource, "scope": row.scope})
		if diff := cmp.Diff(row.want, pick(got.claims(t), "aud", "scp", "given_name", "family_name")); diff != "" {
			t.Errorf("%s, %s (-want +got):\n%s", row.kind, row.resource, diff)
		}
		if row.kind == "Entra ID v1" && (got.text("scope") != row.want["scp"] || got.text("resource") != row.resource) {
			t.Errorf("told %q of %q", got.text("scope"), got.text("resource"))
		}
	}
	values := u.signIn(u.NewBrowser(), u.ask("Entra ID v1", map[string]string{"resource": "api://nothing", "scope": ""}), keyporttest.SignIn{})
	if values.Get("error") != "invalid_resource" {
		t.Errorf("an unknown one: %v", values)
	}
}

// TestTheAudienceOfAnAPI: version 2.0 calls an API by its client id, whatever name it
// was asked for by.
func TestTheAudienceOfAnAPI(t *testing.T) {
	u := newUsers(t, nil)
	u.addAPI(nil)
	for _, scope := range []string{"api://middle/act", "api://" + apiID + "/act", apiID + "/act"} {
		if got := u.tokens("Entra ID", map[string]string{"scope": scope}).claims(t); got["aud"] != apiID || got["scp"] != "act" {
			t.Errorf("%s: aud %v, scp %v", scope, got["aud"], got["scp"])
		}
	}
	if got := u.tokens("Entra ID", map[string]string{"scope": "https://graph.microsoft.com/.default"}).claims(t); got["scp"] != "User.Read" {
		t.Errorf("/.default stands for %v", got["scp"])
	}
}

// TestTheScopesThatAreTold: as each kind of server has it, and never offline_access
// at Entra ID.
func TestTheScopesThatAreTold(t *testing.T) {
	u := newUsers(t, nil)
	for _, row := range []struct{ kind, scope, want string }{
		{"Entra ID", "openid profile offline_access " + reports + "/read " + reports + "/write", reports + "/read " + reports + "/write"},
		{"Entra ID", "openid profile email offline_access User.Read", "User.Read openid profile email"},
		{"Entra ID", "https://graph.microsoft.com/.default offline_access", "https://graph.microsoft.com/.default"},
		{"Entra ID", "openid", "openid"},
		{"OIDC", "openid offline_access read", "openid offline_access read"},
		{"AD FS", "openid " + reports + "/read", reports + "/read openid"},
	} {
		got := u.tokens(row.kind, map[string]string{"scope": row.scope})
		if got.text("scope") != row.want {
			t.Errorf("%s, %s: told %q, want %q", row.kind, row.scope, got.text("scope"), row.want)
		}
		if asked := strings.Contains(row.scope, "offline_access"); (got.text("refresh_token") != "") != asked {
			t.Errorf("%s, %s: a refresh token: %t", row.kind, row.scope, !asked)
		}
		if asked := strings.Contains(row.scope, "openid"); (got.text("id_token") != "") != asked {
			t.Errorf("%s, %s: an ID token: %t", row.kind, row.scope, !asked)
		}
	}
	code := u.signIn(u.NewBrowser(), u.ask("OIDC", map[string]string{"scope": "openid read"}), keyporttest.SignIn{}).Get("code")
	if got := u.redeem("OIDC", code, map[string]string{"scope": "another"}); got.text("scope") != "openid read" { // RFC 6749 §4.1.3
		t.Errorf("a scope parameter beside the code: %q", got.text("scope"))
	}
	limited := newUsers(t, func(app *keyporttest.App) { app.Scopes = []string{"openid", "read"} })
	if got := limited.tokens("OIDC", map[string]string{"scope": ""}); got.text("scope") != "openid read" {
		t.Errorf("no scope is asked for: %q", got.text("scope"))
	}
	narrower := u.refresh("OIDC", u.tokens("OIDC", nil).text("refresh_token"), map[string]string{"scope": "openid"})
	if narrower.text("scope") != "openid" || narrower.claims(t)["scope"] != "openid" || narrower.text("refresh_token") == "" {
		t.Errorf("narrowed: %q", narrower.text("scope"))
	}
}

// TestScopesOfSeveralAPIs: an authorization request may have them, for consent; the
// token is for one.
func TestScopesOfSeveralAPIs(t *testing.T) {
	u := newUsers(t, nil)
	both := "openid offline_access " + reports + "/read User.Read"
	code := u.signIn(u.NewBrowser(), u.ask("Entra ID", map[string]string{"scope": both}), keyporttest.SignIn{}).Get("code")
	got := u.redeem("Entra ID", code, map[string]string{"scope": "openid offline_access User.Read"})
	if got.status != http.StatusOK || got.claims(t)["aud"] != keyporttest.Graph {
		t.Errorf("the second API: %s", refusalOf(got))
	}
	if got := u.refresh("Entra ID", got.text("refresh_token"), map[string]string{"scope": reports + "/read"}); got.status != http.StatusOK || got.claims(t)["aud"] != reports {
		t.Errorf("the first one later: %s", refusalOf(got))
	}
	if got := u.tokens("Entra ID", map[string]string{"scope": both}); got.claims(t)["aud"] != reports {
		t.Errorf("no scope at the token endpoint: %v", got.claims(t)["aud"])
	}
	for _, row := range []struct {
		scope string
		want  []any
	}{{"https://a.example", []any{"https://a.example"}}, {"https://a.example https://b.example", []any{"https://a.example", "https://b.example"}}} {
		address := u.ask("OIDC", nil)
		for resource := range strings.FieldsSeq(row.scope) { // RFC 8707 §2
			address += "&resource=" + resource
		}
		code := u.signIn(u.NewBrowser(), address, keyporttest.SignIn{}).Get("code")
		aud := u.redeem("OIDC", code, nil).claims(t)["aud"]
		if list, isList := aud.([]any); isList != (len(row.want) > 1) || isList && !slices.Equal(list, row.want) || !isList && aud != row.want[0] {
			t.Errorf("%s: aud %v", row.scope, aud)
		}
	}
}

// TestB2CHasNoTokenForWhoAsksForNoAPI: what surprises everybody once.
func TestB2CHasNoTokenForWhoAsksForNoAPI(t *testing.T) {
	u := newUsers(t, nil)
	got := u.tokens("B2C", map[string]string{"scope": "openid offline_access"})
	if got.text("access_token") != "" || got.text("id_token") == "" || got.text("refresh_token") == "" || got.body["expires_in"] != nil || got.text("scope") != "openid offline_access" {
		t.Errorf("members: %v", slices.Sorted(maps.Keys(got.body)))
	}
	if claims := got.idClaims(t); claims["at_hash"] != nil || claims["c_hash"] == nil {
		t.Errorf("at_hash %v of no token", claims["at_hash"])
	}
	for name, token := range map[string]string{"first": got.text("id_token"), "second": u.refresh("B2C", got.text("refresh_token"), nil).text("id_token")} {
		if got := call(u.Resource(clientID), token); got.status != http.StatusUnauthorized {
			t.Errorf("the %s ID token serves as an access token: %d", name, got.status)
		}
	}
	if got := u.tokens("B2C", map[string]string{"scope": "openid " + clientID}); got.claims(t)["aud"] != clientID {
		t.Errorf("its own id stands for its own API: %v", got.claims(t)["aud"])
	}
}

// TestClientInfo: who the user is at home, for those who ask.
func TestClientInfo(t *testing.T) {
	u := newUsers(t, nil)
	u.AddUser(keyporttest.PersonalTenantID, keyporttest.User{Username: "zoe@outlook.example", Password: "zoe's password"})
	for kind, want := range map[string]string{
		"Entra ID": keyporttest.UserID + "." + keyporttest.TenantID, "CIAM": keyporttest.UserID + "." + keyporttest.TenantID, "dSTS": keyporttest.UserID + "." + keyporttest.TenantID,
		"B2C": keyporttest.UserID + "-b2c_1_signin." + keyporttest.TenantID, "AD FS": "", "OIDC": "",
	} {
		values := u.signIn(u.NewBrowser(), u.ask(kind, map[string]string{"client_info": "1"}), keyporttest.SignIn{})
		got := u.redeem(kind, values.Get("code"), map[string]string{"client_info": "1"})
		for _, text := range []string{values.Get("client_info"), got.text("client_info")} {
			if id := domain.ParseClientInfo(text).HomeAccountID(); id != want {
				t.Errorf("%s: %q, want %q", kind, id, want)
			}
		}
		if kind == "dSTS" { // which has one tenant, wherever the user is at home
			values := u.signIn(u.NewBrowser(), u.ask(kind, map[string]string{"client_info": "1"}), keyporttest.SignIn{Username: "zoe@outlook.example"})
			if got := domain.ParseClientInfo(values.Get("client_info")).TenantID; got != keyporttest.TenantID {
				t.Errorf("%s: home is %q", kind, got)
			}
		}
		if u.tokens(kind, nil).text("client_info") != "" {
			t.Errorf("%s: client_info, though nobody asked for it", kind)
		}
	}
}

// TestGuests: in another tenant the user has another id and the same home.
func TestGuests(t *testing.T) {
	const fabrikam = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
	u := newUsers(t, nil)
	u.AddTenant(keyporttest.Tenant{ID: fabrikam, Domains: []string{"fabrikam.onmicrosoft.com"}})
	documentsOf["fabrikam"] = "https://login.microsoftonline.com/fabrikam.onmicrosoft.com/v2.0" + document
	u.UpdateUser(keyporttest.Username, func(x *keyporttest.User) { x.GuestOf = []string{"fabrikam.onmicrosoft.com"} })
	home, away := u.tokens("Entra ID", nil), u.tokens("fabrikam", nil)
	at := func(r reply) map[string]any { return pick(r.idClaims(t), "tid", "idp", "iss") }
	if diff := cmp.Diff(map[string]any{"tid": fabrikam, "idp": "https://sts.windows.net/" + keyporttest.TenantID + "/", "iss": "https://login.microsoftonline.com/" + fabrikam + "/v2.0"}, at(away)); diff != "" {
		t.Errorf("as a guest (-want +got):\n%s", diff)
	}
	if away.idClaims(t)["oid"] == home.idClaims(t)["oid"] || away.claims(t)["oid"] != away.idClaims(t)["oid"] || away.claims(t)["idp"] == nil {
		t.Error("a guest has an id of their own")
	}
	var caller keyporttest.Caller
	if err := json.Unmarshal([]byte(call(u.Resource(reports), away.text("access_token")).text), &caller); err != nil || caller.UserID != away.claims(t)["oid"] || caller.Tenant != fabrikam {
		t.Errorf("an API sees another guest: %v", err)
	}
	// One refresh token serves all tenants that know the user, and no other.
	moved := u.refresh("fabrikam", home.text("refresh_token"), map[string]string{"client_info": "1"})
	if refusal := refusalOf(moved); refusal != "" || moved.claims(t)["tid"] != fabrikam || domain.ParseClientInfo(moved.text("client_info")).TenantID != keyporttest.TenantID {
		t.Errorf("with the refresh token from home: %s", refusal)
	}
	u.UpdateUser(keyporttest.Username, func(x *keyporttest.User) { x.GuestOf = nil })
	if got := u.refresh("fabrikam", home.text("refresh_token"), nil); got.text("error") != "invalid_grant" || got.number() != 50020 {
		t.Errorf("no guest any more: %v", got.body)
	}
}

func TestPersonalAccounts(t *testing.T) {
	u := newUsers(t, nil)
	const zoe = "zoe@outlook.example"
	u.AddUser(keyporttest.PersonalTenantID, keyporttest.User{Username: zoe, Password: "zoe's password"})
	for kind, want := range map[string]bool{"common": true, "consumers": true, "organizations": false, "Entra ID": false} {
		values, err := u.SignIn(u.ask(kind, nil), keyporttest.SignIn{Username: zoe})
		if (err == nil) != want {
			t.Errorf("%s: %v", kind, err)
		}
		if err == nil {
			if got := u.redeem(kind, values.Get("code"), nil).idClaims(t); got["tid"] != keyporttest.PersonalTenantID || got["iss"] != "https://login.microsoftonline.com/"+keyporttest.PersonalTenantID+"/v2.0" {
				t.Errorf("%s: of tenant %v", kind, got["tid"])
			}
		}
	}
}

// TestAnAppThatIsNotInTheUsersTenant: at an authority of many, the tenant is known
// only once the user is.
func TestAnAppThatIsNotInTheUsersTenant(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) { app.Tenants = []string{"fabrikam.example"} })
	if _, err := u.SignIn(u.ask("common", nil), keyporttest.SignIn{}); !strings.HasPrefix(textOf(err), "AADSTS700016:") {
		t.Errorf("got %v %s", err, textOf(err))
	}
}

func TestUsersAreCopies(t *testing.T) {
	u := newUsers(t, nil)
	u.addBob()
	claims, guestOf := map[string]any{"department": "lamps"}, []string{"fabrikam.example"}
	u.AddUser("", keyporttest.User{Username: "carol@contoso.example", Password: "a password", Claims: claims, GuestOf: guestOf})
	claims["department"], guestOf[0] = "keys", "another.example"
	var given map[string]any
	u.UpdateUser("carol@contoso.example", func(x *keyporttest.User) {
		if x.GuestOf[0] != "fabrikam.example" {
			t.Errorf("a guest of %q", x.GuestOf[0])
		}
		x.Username, given = "caroline@contoso.example", x.Claims
	})
	given["department"] = "locks"
	signIn := func(username string) (map[string]any, error) {
		values, err := u.SignIn(u.ask("OIDC", nil), keyporttest.SignIn{Username: username, Password: "a password"})
		if err != nil {
			return nil, err
		}
		return u.redeem("OIDC", values.Get("code"), nil).idClaims(t), nil
	}
	got, err := signIn("caroline@contoso.example")
	if err != nil || got["department"] != "lamps" {
		t.Errorf("department %v, %v", got["department"], err)
	}
	if _, err := signIn("carol@contoso.example"); err == nil {
		t.Error("the old name is good yet")
	}
	// An id follows from the name when there is none.
	bobs := u.redeem("Entra ID", u.signIn(u.NewBrowser(), u.ask("Entra ID", nil), keyporttest.SignIn{Username: bob}).Get("code"), nil).idClaims(t)
	if id, _ := bobs["oid"].(string); len(id) != 36 || id == got["sub"] {
		t.Errorf("oid %q", id)
	}
}

func TestAUserPrintsWithoutPersonalData(t *testing.T) {
	text, err := json.Marshal(keyporttest.User{ID: "7", Username: bob, Password: "a password", Name: "Bob"})
	if err != nil || string(text) != `"user 7"` {
		t.Errorf("got %s, %v", text, err)
	}
}
