package portstest

import (
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// lookAlikes returns keys that differ in one part, or in where a part ends, or in
// what careless stores drop: letter case, blanks at the end, the form of an accent,
// what exceeds a column or a file name. Client ids keep to RFC 6749 appendix A.1
// (printable ASCII), resources to scope tokens; users and sessions are any UTF-8.
func lookAlikes() []domain.PartitionKey {
	var keys []domain.PartitionKey
	for _, client := range []string{"client", "Client", "client|a", "client%7Ca", "client a", "client+a", "client*", "client-1"} {
		keys = append(keys, domain.UserKey(client, "user"))
	}
	for _, owner := range []string{
		"User", "user ", "user|a", "user%7Ca", "user/a", `user\a`, "user:a", "user*", "user'", "../user", ".",
		"caf\u00e9", "cafe\u0301", "\u65e5\u672c", "\U0001F511", // é in one character and in two; two letters, one emoji
		strings.Repeat("u", 254), strings.Repeat("u", 255), strings.Repeat("u", 254) + "v",
	} {
		keys = append(keys, domain.UserKey("client", owner))
	}
	for _, resource := range []string{"", "api://a", "api://a|b", "api://a%7cb", "api://a+b", "api://a/b"} {
		keys = append(keys, domain.AppKey("client", tenantID, resource))
	}
	long := strings.Repeat("s", 1000)
	return append(keys,
		// The same parts in another kind.
		domain.FamilyKey("client", "user"), domain.AppKey("client", "user", ""),
		domain.AppKey("client", "", "api://a"), domain.MachineKey("client", "api://a"),
		domain.AppKey("client", "session", "api://a"), domain.SessionKey("client", "api://a"),
		// The same letters, divided otherwise.
		domain.AppKey("client", "a|b", "api://c"), domain.AppKey("client|a", "b", "api://c"), domain.AppKey("client", "a", "b|api://c"),
		domain.UserKey("clien", "tuser"), domain.UserKey("1", "2|3"), domain.UserKey("1|2", "3"),
		// An assertion and a session of the same text.
		domain.AssertionKey("client", domain.NewSecret("text")), domain.SessionKey("client", "text"),
		domain.AssertionKey("client", domain.NewSecret("session")), domain.SessionKey("client", "session"),
		domain.SessionKey("client", "Text"), domain.SessionKey("client", long+"1"), domain.SessionKey("client", long+"2"),
	)
}
