package domain_test

import (
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

// wrongURLs are no authority of any kind. Where there is room, they hold a secret
// that the error must not repeat.
var wrongURLs = map[string]string{
	"":                                  "is empty",
	" https://host/hunter2":             "is not a URL",
	"https://host/hunter2\r\nX-Evil: 1": "is not a URL",
	"https://host/hunter2\x00":          "is not a URL",
	"https://host/hunter2\x7f":          "is not a URL",
	"https://hunter2 host/tenant":       "is not a URL",
	`https://hunter2\host/tenant`:       "is not a URL",
	"https://host:hunter2/tenant":       "is not a URL",
	"https://host:-1/tenant/hunter2":    "is not a URL",
	"https://[::1/tenant/hunter2":       "is not a URL",
	"https://[1:2]/tenant/hunter2":      "is not a URL",
	"https://[hunter2]/tenant":          "is not a URL",
	"https://%68ost/tenant/hunter2":     "is not a URL",
	"https://host/hunter2%zz":           "is not a URL",
	"http://host/hunter2":               "is not an https URL",
	"ftp://host/hunter2":                "is not an https URL",
	"//host/hunter2":                    "is not an https URL",
	"host/hunter2":                      "is not an https URL",
	"javascript:hunter2":                "is not an https URL",
	"https://user:hunter2@host/tenant":  "has a user name or password in it",
	"https://hunter2@host/tenant":       "has a user name or password in it",
	"https://@host/hunter2":             "has a user name or password in it",
	"https://login.microsoftonline.com@hunter2.example/tenant": "has a user name or password in it",
	"https://host/tenant?p=hunter2":                            "has a query or fragment",
	"https://host/hunter2?":                                    "has a query or fragment",
	"https://host/tenant#hunter2":                              "has a query or fragment",
	"https://host/hunter2#":                                    "has a query or fragment",
	"https:host/hunter2":                                       "has no host name",
	"https:///hunter2":                                         "has no host name",
	"https://:443/hunter2":                                     "has no host name",
	"https://./hunter2":                                        "has no host name",
	"https://host../hunter2":                                   "has no host name",
	"https://.host/hunter2":                                    "has no host name",
	"https://a..b/hunter2":                                     "has no host name",
	"https://-host/hunter2":                                    "has no host name",
	"https://host-.example/hunter2":                            "has no host name",
	"https://xn--host-/hunter2":                                "has no host name", // punycode of "host"
	"https://bücher.example/hunter2":                           "has no host name",
	"https://\u212aeycloak.example/hunter2":                    "has no host name", // the Kelvin sign, whose lower case is k
	"https://%E2%84%AAeycloak.example/hunter2":                 "has no host name",
	"https://h*st/hunter2":                                     "has no host name",
	"https://[fe80::1%25eth0]/hunter2":                         "has no host name",
	"https://[::1%25hunter2]/tenant":                           "has no host name",
	"https://host:0/hunter2":                                   "has a port",
	"https://host:0443/hunter2":                                "has a port",
	"https://host:65536/hunter2":                               "has a port",
	"https://host:99999999999/hunter2":                         "has a port",
	"https://host/../hunter2":                                  "has a path",
	"https://host/a/../hunter2":                                "has a path",
	"https://host/./hunter2":                                   "has a path",
	"https://host/.../hunter2":                                 "has a path",
	"https://host/%2e%2e/hunter2":                              "has a path",
	"https://host/a%2Fhunter2":                                 "has a path",
	"https://host/%68unter2":                                   "has a path",
	"https://host/a//hunter2":                                  "has a path",
	"https://host/hunter2 ":                                    "has a path",
	"https://host/a hunter2":                                   "has a path",
	`https://host/a\hunter2`:                                   "has a path",
	"https://host/..;/hunter2":                                 "has a path",
	"https://host/hunter2;v=1":                                 "has a path",
	"https://host/a@hunter2":                                   "has a path",
	"https://host/a(hunter2)":                                  "has a path",
	"https://host/\u212ahunter2":                               "has a path",
	"https://host/tenañt/hunter2":                              "has a path",
}

// wrongAuthorities are good URLs of no Microsoft server.
var wrongAuthorities = map[string]string{
	"https://host":                                                "names no tenant",
	"https://host/":                                               "names no tenant",
	"https://host//":                                              "names no tenant",
	"https://contoso.b2clogin.com":                                "names no tenant",
	"https://host/dstsv2":                                         "names no dSTS tenant",
	"https://host/dstsv2/":                                        "names no dSTS tenant",
	"https://contoso.b2clogin.com/hunter2":                        "names no B2C user flow",
	"https://host/tfp/hunter2":                                    "names no B2C user flow",
	"https://contoso.b2clogin.com/tfp":                            "names no B2C user flow",
	"https://host/tfp/adfs/b2c_1_hunter2":                         "cannot be one",
	"https://host/tfp/tfp/b2c_1_hunter2":                          "cannot be one",
	"https://host/hunter2:a":                                      "cannot be one",
	"https://host/~hunter2":                                       "cannot be one",
	"https://host/tenant/b2c_1:hunter2":                           "cannot be one",
	"https://contoso.ciamlogin.com/adfs/hunter2":                  "cannot be one",
	"https://login.microsoftonline.com.hunter2.example/tenant":    "begins like one of Microsoft's",
	"https://login.microsoftonline.com-hunter2.example/tenant":    "begins like one of Microsoft's",
	"https://contoso.ciamlogin.com.hunter2.example/tenant":        "begins like one of Microsoft's",
	"https://contoso.b2clogin.com.hunter2.example/t/b2c_1_signin": "begins like one of Microsoft's",
}

func TestParseAuthorityRefuses(t *testing.T) {
	for _, table := range []map[string]string{wrongURLs, wrongAuthorities} {
		for text, problem := range table {
			a, err := domain.ParseAuthority(text)
			if err == nil {
				t.Errorf("%q is %v, want an error", text, a)
				continue
			}
			if !a.IsZero() {
				t.Errorf("%q comes with an error and with %v", text, a)
			}
			wantConfigError(t, err, "Authority", problem)
		}
	}
}

func TestParseOIDCAuthorityRefuses(t *testing.T) {
	for text, problem := range wrongURLs {
		a, err := domain.ParseOIDCAuthority(text)
		if err == nil {
			t.Errorf("%q is %v, want an error", text, a)
			continue
		}
		wantConfigError(t, err, "OIDCAuthority", problem)
		if strings.Contains(err.Error(), "onmicrosoft") || strings.Contains(err.Error(), "ciamlogin") {
			t.Errorf("the remedy speaks of Microsoft's servers: %v", err)
		}
	}
}
