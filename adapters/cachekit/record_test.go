package cachekit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
)

// anyText is UTF-8 without NUL, as parts of records are.
var anyText = rapid.StringOf(rapid.RuneFrom([]rune("aA b|\"\\<&é日🔑\n\u2028"))).Filter(func(s string) bool { return len(s) < 40 })

// anyTime has no fraction of a second, which a store may lose.
var anyTime = rapid.Custom(func(t *rapid.T) time.Time {
	return rapid.SampledFrom([]time.Time{{}, time.Unix(0, 0), time.Unix(-1, 0), noon, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}).Draw(t, "time")
})

var anyRecord = rapid.Custom(func(t *rapid.T) domain.Record {
	text := func(name string) string { return anyText.Draw(t, name) }
	k := domain.RecordKey{
		Environment: text("environment"), Tenant: text("tenant"), ClientID: text("client"), Scopes: text("scopes"),
		TokenType: text("token type"), KeyID: text("key id"), Policy: text("policy"), Extra: text("extra"),
	}
	secret, scopes := domain.NewSecret(text("secret")), domain.ScopesFromResponse(text("granted"))
	when := func(name string) time.Time { return anyTime.Draw(t, name) }
	switch k.Kind = domain.RecordKind(rapid.IntRange(1, 5).Draw(t, "kind")); k.Kind {
	case domain.AccessTokenRecord:
		return domain.AccessToken{
			Key: k, Secret: secret, Type: text("type"), Scopes: scopes, HomeAccountID: text("home"),
			CachedAt: when("cached"), ExpiresOn: when("expires"), ExtendedExpiresOn: when("extended"), RefreshOn: when("refresh"),
		}
	case domain.RefreshTokenRecord:
		return domain.RefreshToken{
			Key: k, Secret: secret, HomeAccountID: text("home"), ClientID: text("own client"), FamilyID: text("family"),
			Scopes: scopes, LastModified: when("modified"), ExpiresOn: when("expires"),
		}
	case domain.IDTokenRecord:
		return domain.IDToken{Key: k, Secret: secret, HomeAccountID: text("home")}
	case domain.AccountRecord:
		return domain.Account{
			HomeAccountID: text("home"), LocalAccountID: text("local"), Environment: k.Environment, Tenant: k.Tenant,
			Username: text("name"), AuthorityType: text("authority type"), Source: domain.AccountSource(text("source")),
		}
	}
	return domain.AppMetadata{Key: k, ClientID: text("own client"), FamilyID: text("family")}
})

func TestRecordsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord.Draw(t, "record")
		data, err := cachekit.EncodeRecord(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := cachekit.DecodeRecord(data)
		if err != nil {
			t.Fatal(err)
		}
		if got.RecordKey() != r.RecordKey() || !domain.NewTokenSet(got).Equal(domain.NewTokenSet(r)) {
			t.Fatalf("a %T comes back as another", r)
		}
	})
}

func TestEncodeRecordRefuses(t *testing.T) {
	broken := accessToken("orders.read", "\xff")
	wrongKind := refreshToken("refresh")
	wrongKind.Key.Kind = domain.IDTokenRecord
	pointer := account("adele")
	for name, r := range map[string]domain.Record{"text that is not UTF-8": broken, "a kind that is not its own": wrongKind, "a pointer": &pointer, "nothing": nil} {
		_, err := cachekit.EncodeRecord(r)
		var config *domain.ConfigError
		if !errors.As(err, &config) {
			t.Errorf("%s: got %v, want a ConfigError", name, err)
		}
	}
}

func TestDecodeRecordReadsTolerantly(t *testing.T) {
	const good = `{"v":1,"kind":"account","key":{"environment":"e","tenant":"t"},"home_account_id":"h"}`
	want := domain.NewTokenSet(domain.Account{HomeAccountID: "h", Environment: "e", Tenant: "t"})
	for name, c := range map[string]struct {
		data string
		err  error
	}{
		"as it is written":            {good, nil},
		"with blanks":                 {" \n" + strings.ReplaceAll(good, ",", " ,\t"), nil},
		"with fields of later":        {strings.Replace(good, `"v":1`, `"v":1,"photo":{"a":[1]},"expires_on":null`, 1), nil},
		"of a newer version":          {strings.Replace(good, `"v":1`, `"v":2`, 1), cachekit.ErrNewer},
		"newer, with other types":     {`{"v":2,"kind":"account","key":[7]}`, cachekit.ErrNewer},
		"of a kind of later":          {strings.Replace(good, "account", "device", 1), cachekit.ErrNewer},
		"without a version":           {strings.Replace(good, `"v":1,`, ``, 1), cachekit.ErrDamaged},
		"of version 0":                {strings.Replace(good, `"v":1`, `"v":0`, 1), cachekit.ErrDamaged},
		"without a kind":              {`{"v":1}`, cachekit.ErrDamaged},
		"with a number for a name":    {strings.Replace(good, `"h"`, `7`, 1), cachekit.ErrDamaged},
		"with a fraction of a second": {strings.Replace(good, `"v":1`, `"v":1,"expires_on":1.5`, 1), cachekit.ErrDamaged},
		"cut off":                     {good[:len(good)-1], cachekit.ErrDamaged},
		"followed by something":       {good + "x", cachekit.ErrDamaged},
		"no object":                   {`["account"]`, cachekit.ErrDamaged},
		"null":                        {`null`, cachekit.ErrDamaged},
		"nothing":                     {``, cachekit.ErrDamaged},
	} {
		r, err := cachekit.DecodeRecord([]byte(c.data))
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: error %v, want %v", name, err, c.err)
		}
		if c.err == nil && !domain.NewTokenSet(r).Equal(want) {
			t.Errorf("%s: another record is read", name)
		}
	}
}

// TestErrorsQuoteNothing: what is stored holds tokens, and the errors of encoding/json quote.
func TestErrorsQuoteNothing(t *testing.T) {
	for _, data := range []string{`{"v":1,"kind":"account","secret":planted}`, `{"v":1,"kind":"account","expires_on":"planted"}`, `planted`} {
		if _, err := cachekit.DecodeRecord([]byte(data)); err == nil || strings.ContainsAny(err.Error(), `"'`) || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s gives %v", data, err)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	for r := range signedIn("fuzz").Records() {
		data, err := cachekit.EncodeRecord(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"v":1,"kind":"refresh_token","key":{"client_id":"x"},"scopes":" b  a ","expires_on":-62135596800,"secret":"\ud800"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := cachekit.DecodeRecord(data)
		if err != nil {
			if r != nil || !errors.Is(err, cachekit.ErrDamaged) && !errors.Is(err, cachekit.ErrNewer) {
				t.Fatalf("got a %T and %v", r, err)
			}
			return
		}
		again, err := cachekit.EncodeRecord(r)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		second, err := cachekit.DecodeRecord(again)
		if err != nil || second.RecordKey() != r.RecordKey() || !domain.NewTokenSet(second).Equal(domain.NewTokenSet(r)) {
			t.Fatalf("what was read comes back otherwise: %v", err)
		}
	})
}
