package domain_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

func ExampleParseAuthority() {
	for _, text := range []string{
		"https://LOGIN.microsoftonline.com/contoso.onmicrosoft.com/v2.0",
		"https://contoso.ciamlogin.com",
		"https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_SignIn",
		"http://login.microsoftonline.com/common",
	} {
		a, err := domain.ParseAuthority(text)
		var wrong *domain.ConfigError
		if errors.As(err, &wrong) {
			fmt.Println(wrong.Field, wrong.Problem)
			continue
		}
		fmt.Printf("%s: %s\n", a.Kind(), a)
	}
	// Output:
	// Entra ID: https://login.microsoftonline.com/contoso.onmicrosoft.com
	// CIAM: https://contoso.ciamlogin.com/contoso.onmicrosoft.com
	// B2C: https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_signin
	// Authority is not an https URL
}

func ExampleParseScopes() {
	asked, _ := domain.ParseScopes([]string{"User.Read", "Mail.Read", "User.Read"})
	fmt.Println(asked)

	granted := domain.ScopesFromResponse("openid user.read mail.read profile")
	fmt.Println(granted.Contains(asked))

	_, err := domain.ParseScopes([]string{"User.Read Mail.Read"})
	fmt.Println(err)
	// Output:
	// Mail.Read User.Read
	// true
	// invalid Scopes[0]: has a space in it: it seems to hold several scopes; pass one scope per element, such as "https://graph.microsoft.com/.default"
}

// Two processes have renewed one token. Whoever stores last, the token that ends
// later stays.
func ExampleTokenSet_With() {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	key := domain.RecordKey{Kind: domain.AccessTokenRecord, ClientID: "client", Scopes: "api/.default"}
	mine := domain.AccessToken{Key: key, Secret: domain.NewSecret("mine"), CachedAt: now, ExpiresOn: now.Add(60 * time.Minute)}
	theirs := domain.AccessToken{Key: key, Secret: domain.NewSecret("theirs"), CachedAt: now, ExpiresOn: now.Add(61 * time.Minute)}

	var empty domain.TokenSet
	set := empty.With(domain.Grant{AccessToken: &theirs}, now).With(domain.Grant{AccessToken: &mine}, now)

	token, state := set.Select(key, now)
	fmt.Println(token.Secret.Reveal(), state, token.Secret)
	fmt.Println(set, "and before:", empty)
	// Output:
	// theirs fresh [redacted]
	// token set of 1 records and before: token set of 0 records
}
