package domain_test

import (
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

func TestScopesResource(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "openid": "", "api:read": "", "/.default": "",
		"https://graph.microsoft.com/.default":    "https://graph.microsoft.com",
		"https://Graph.Microsoft.com/User.Read":   "https://graph.microsoft.com",
		"https://graph.microsoft.com//.default":   "https://graph.microsoft.com",
		"api://" + tenantGUID + "/.default":       "api://" + tenantGUID,
		tenantGUID + "/.default":                  tenantGUID,
		"https://b.example/x https://a.example/y": "https://a.example",
	} {
		if got := domain.ScopesFromResponse(text).Resource(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestCheckForApplication(t *testing.T) {
	const graph, vault = "https://graph.microsoft.com/.default", "https://vault.azure.net/.default"
	all := []domain.AuthorityKind{domain.KindEntra, domain.KindADFS, domain.KindB2C, domain.KindCIAM, domain.KindDSTS, domain.KindOIDC}
	microsoft, static, free := all[:5], []domain.AuthorityKind{all[0], all[2], all[3]}, []domain.AuthorityKind{all[1], all[4], all[5]}
	for _, row := range []struct {
		scopes  string
		kinds   []domain.AuthorityKind
		problem string // "" for none
	}{
		{graph, all, ""},
		{"HTTPS://Graph.Microsoft.com/.Default", all, ""},
		{"", microsoft, "is empty"},
		{"", []domain.AuthorityKind{domain.KindOIDC}, ""},
		{"openid " + graph, all, `has "openid", which only a user can grant`},
		{"offline_access", all, `has "offline_access", which only a user can grant`},
		{"Profile", all, `has "profile", which only a user can grant`},
		{"https://graph.microsoft.com/User.Read", static, `does not end in "/.default"`},
		{"api:read", static, `does not end in "/.default"`},
		{"https://graph.microsoft.com/.default.x", static, `does not end in "/.default"`},
		{graph + " " + vault, static, `names two resources, "https://graph.microsoft.com" and "https://vault.azure.net"`},
		{"https://graph.microsoft.com/User.Read api:read", free, ""},
		{graph + " " + vault, free, ""},
	} {
		for _, kind := range row.kinds {
			err := domain.ScopesFromResponse(row.scopes).CheckForApplication(kind)
			if row.problem != "" {
				wantConfigError(t, err, "Scopes", row.problem)
			} else if err != nil {
				t.Errorf("%s, %q: %v", kind, row.scopes, err)
			}
		}
	}
}
