package portstest

import (
	"fmt"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// variants returns records that differ from the full ones in one part of the key.
func variants() []domain.Record {
	var rs []domain.Record
	for i, change := range []func(*domain.RecordKey){
		func(k *domain.RecordKey) { k.Environment = "login.microsoftonline.us" },
		func(k *domain.RecordKey) { k.Tenant = "organizations" },
		func(k *domain.RecordKey) { k.Scopes = strings.ToLower(graph + "/Mail.Read") },
		func(k *domain.RecordKey) { k.TokenType = "dpop" },
		func(k *domain.RecordKey) { k.KeyID = "KEY-1" },
		func(k *domain.RecordKey) { k.Policy = "b2c_1_edit" },
		func(k *domain.RecordKey) { k.Extra = "zxh0cmE" },
	} {
		access, ok := full()[0].(domain.AccessToken)
		if !ok {
			panic("the first record is an access token")
		}
		change(&access.Key)
		access.Secret = domain.NewSecret(fmt.Sprintf("access token %d", i))
		rs = append(rs, access)
	}
	other := refreshToken(userKey, "another refresh token")
	other.Key.Environment = "login.microsoftonline.us"
	guest := domain.Account{HomeAccountID: homeAccountID, Environment: environment, Tenant: "fabrikam.example", Username: "guest"}
	return append(rs, other, guest)
}

// longValues: an ID token with many groups has tens of kilobytes.
func longValues() domain.TokenSet {
	access := accessToken(userKey, strings.Repeat("api://long/scope ", 100), strings.Repeat("A", 32<<10))
	refresh := refreshToken(userKey, strings.Repeat("R", 32<<10)+"!")
	return domain.NewTokenSet(access, refresh)
}

// unicodeValues: what people are called, and tokens that are not text of a header.
func unicodeValues() domain.TokenSet {
	access := accessToken(userKey, "api://caf\u00e9/lesen", "|%\"'\\<>&\t\r\n\u2028\U0001F511")
	return domain.NewTokenSet(access, refreshToken(userKey, "\u00e9 e\u0301"), domain.Account{
		HomeAccountID: homeAccountID, Environment: environment, Tenant: tenantID,
		Username: "Zo\u00eb \"\u65e5\u672c\" O'Hara|%7C\\ <zoe@example.com>",
	})
}
