package domain_test

import (
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

// FuzzParseAuthority: what parses is a URL that parses back to the same authority,
// and nothing of it can lead to another host or path.
func FuzzParseAuthority(f *testing.F) {
	for _, seed := range []string{
		"https://login.microsoftonline.com/common/v2.0", "https://LOGIN.windows.net:443//contoso.COM/", "https://[2001:DB8::1]:8443/t",
		"https://adfs.contoso.example/ADFS/ls", "https://contoso.b2clogin.com/tfp/t/B2C_1_x", "https://login.contoso.example/tfp/t/x",
		"https://login.contoso.example/t/B2C_1A_x/v2.0", "https://contoso.ciamlogin.com./", "https://dsts.example/DSTSV2/common/v2.0",
		"https://id.example.com/realms/one/.well-known/openid-configuration", "https://id.example.com/~a:b",
	} {
		f.Add(seed)
	}
	for seed := range wrongURLs {
		f.Add(seed)
	}
	for seed := range wrongAuthorities {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := domain.ParseAuthority(text); err == nil {
			checkAuthority(t, a, domain.ParseAuthority)
			checkTenant(t, a)
		} else if !a.IsZero() {
			t.Errorf("%v comes with the error %v", a, err)
		}
		if a, err := domain.ParseOIDCAuthority(text); err == nil {
			checkAuthority(t, a, domain.ParseOIDCAuthority)
			if problem := a.CheckIssuer(a.String()); problem != "" {
				t.Errorf("%v is not its own issuer: it %s", a, problem)
			}
		}
	})
}

func checkAuthority(t *testing.T, a domain.Authority, parse func(string) (domain.Authority, error)) {
	t.Helper()
	again, err := parse(a.String())
	if err != nil || again != a {
		t.Fatalf("%+v parses back as %+v, %v", a, again, err)
	}
	const legalHost = "abcdefghijklmnopqrstuvwxyz0123456789-_.:[]"
	if a.Host() == "" || strings.Trim(a.Host(), legalHost) != "" {
		t.Errorf("got host %q", a.Host())
	}
	if rest, ok := strings.CutPrefix(a.String(), "https://"+a.Host()); !ok || rest != "" && rest[0] != '/' {
		t.Errorf("%s does not begin with https and the host %s", a, a.Host())
	}
	for segment := range strings.SplitSeq(strings.TrimPrefix(a.String(), "https://"), "/") {
		if strings.Trim(segment, ".") == "" {
			t.Errorf("%s has a segment of dots or of nothing", a)
		}
	}
	if strings.ContainsAny(a.String(), "?#%@\\; ") {
		t.Errorf("%s has more than a host and a path", a)
	}
	if !strings.HasPrefix(a.MetadataURL(), a.String()+"/") {
		t.Errorf("the metadata of %s are at %s", a, a.MetadataURL())
	}
}

// checkTenant: an authority with its own tenant in place of its tenant is itself.
func checkTenant(t *testing.T, a domain.Authority) {
	t.Helper()
	if a.Kind() == domain.KindADFS {
		return
	}
	same, err := a.WithTenant(a.Tenant())
	if err != nil || same != a {
		t.Errorf("%v with its own tenant is %v, %v", a, same, err)
	}
}
