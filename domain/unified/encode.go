package unified

import (
	"github.com/seed57855a68/keyport/domain"
)

// encoded returns the entries that a record is written as, in the schema; nil when it
// would not come back as it is. base are entries of the same record, whose name
// and further fields are kept.
func encoded(p domain.PartitionKey, r domain.Record, base []*entry) []*entry {
	var out []*entry
	for _, variant := range variants(p, r, base) {
		raw := object(merged(variant.members, variant.say))
		e := decode(r.RecordKey().Kind, member{variant.name, quote(variant.name), raw})
		if e.problem != "" || !e.comesBack(p, r) {
			return nil
		}
		out = append(out, e)
	}
	return out
}

// comesBack reports whether the entry is read as the record, and as nobody else's.
func (e *entry) comesBack(p domain.PartitionKey, r domain.Record) bool {
	if e.shared != nil {
		return same(e.shared, r)
	}
	return len(e.partitions) == 1 && e.partitions[0] == p && same(e.record(p), r)
}

// same compares two records by content, to the second.
func same(a, b domain.Record) bool {
	return domain.NewTokenSet(a).Equal(domain.NewTokenSet(toSeconds(b)))
}

// variant is one way to write a record.
type variant struct {
	name    string
	members []member
	say     []field
}

// variants returns the ways in which a record is to be written: one, but two for an
// application's token. MSAL Python looks for a home account id that is null, MSAL Node for
// one that is empty, and MSAL Go takes either.
func variants(p domain.PartitionKey, r domain.Record, base []*entry) []variant {
	switch r := r.(type) {
	case domain.AccessToken:
		if p.Kind() == domain.AppPartition {
			return appVariants(r, base)
		}
		return []variant{firstOf(base).saying(accessTokenName(r), accessTokenFields(r))}
	case domain.RefreshToken:
		return []variant{firstOf(base).saying(refreshTokenName(p, r), refreshTokenFields(p, r))}
	case domain.IDToken:
		return []variant{firstOf(base).saying(keyOf(r.HomeAccountID, r.Key.Environment, "idtoken", r.Key.ClientID, r.Key.Tenant)+"-", []field{
			{fieldType, "IdToken"}, {fieldSecret, r.Secret.Reveal()}, {fieldHome, r.HomeAccountID}, {fieldEnvironment, r.Key.Environment},
			{fieldRealm, r.Key.Tenant}, {fieldClient, r.Key.ClientID},
		})}
	case domain.Account:
		return []variant{firstOf(base).saying(keyOf(r.HomeAccountID, r.Environment, r.Tenant), []field{
			{fieldHome, r.HomeAccountID}, {fieldEnvironment, r.Environment}, {fieldRealm, r.Tenant}, {fieldLocal, r.LocalAccountID},
			{fieldUsername, r.Username}, {fieldAuthorityType, r.AuthorityType}, {fieldSource, string(r.Source)},
		})}
	case domain.AppMetadata:
		return []variant{firstOf(base).saying("appmetadata-"+r.Key.Environment+"-"+r.Key.ClientID, []field{
			{fieldClient, r.ClientID}, {fieldEnvironment, r.Key.Environment}, {fieldFamily, r.FamilyID},
		})}
	}
	return nil
}

// firstOf takes over an entry that is there, with its name, so that its writer finds it again.
func firstOf(base []*entry) variant {
	if len(base) == 0 {
		return variant{}
	}
	return variant{base[0].name, membersOf(base), nil}
}

// saying completes a variant. What others have spelled otherwise and means the same stays as
// it is: a host by another name of its cloud, scopes in another order. When something of the
// name changes, the record gets the name that is given.
func (v variant) saying(name string, say []field) variant {
	f := fields{list: v.members}
	keep := v.name != ""
	for i := range say {
		written := f.text(say[i].name)
		switch say[i].name {
		case fieldEnvironment:
			if keep = keep && environmentOf(written) == say[i].text; keep {
				say[i].text = written
			}
		case fieldTarget:
			same := domain.ScopesFromResponse(written) == domain.ScopesFromResponse(say[i].text)
			if same && keep {
				say[i].text = written
			}
			keep = keep && (same || f.text(fieldType) == "RefreshToken") // which serves all scopes
		}
	}
	if !keep {
		v.name = name
	}
	v.say = say
	return v
}

func accessTokenName(t domain.AccessToken) string {
	return keyOf(t.HomeAccountID, t.Key.Environment, "accesstoken", t.Key.ClientID, t.Key.Tenant, t.Scopes.String())
}

func accessTokenFields(t domain.AccessToken) []field {
	asked := t.Key.Scopes
	if asked == t.Scopes.Lookup().Key() {
		asked = ""
	}
	return []field{
		{fieldType, "AccessToken"}, {fieldSecret, t.Secret.Reveal()}, {fieldHome, t.HomeAccountID}, {fieldEnvironment, t.Key.Environment},
		{fieldClient, t.Key.ClientID}, {fieldTarget, t.Scopes.String()}, {fieldRealm, t.Key.Tenant}, {fieldTokenType, t.Type},
		timeField(fieldCachedAt, t.CachedAt), timeField(fieldExpiresOn, t.ExpiresOn), timeField(fieldExtended, t.ExtendedExpiresOn),
		timeField(fieldRefreshOn, t.RefreshOn), {fieldAsked, asked},
	}
}

// appVariants writes an application's token for MSAL Python and for MSAL Node.
func appVariants(t domain.AccessToken, base []*entry) []variant {
	name := accessTokenName(t)
	out := make([]variant, 0, 2)
	for _, v := range []struct{ name, home string }{{name, "null"}, {name + "-", `""`}} {
		say := accessTokenFields(t)
		members := merged(membersOf(base), say)
		home := member{fieldHome, quote(fieldHome), []byte(v.home)}
		members = append(without(members, fieldHome), home)
		out = append(out, variant{v.name, members, nil})
	}
	return out
}

func membersOf(base []*entry) []member {
	if len(base) == 0 {
		return nil
	}
	list, _ := document(base[0].raw)
	return list
}

func without(list []member, name string) []member {
	var out []member
	for _, m := range list {
		if m.name != name {
			out = append(out, m)
		}
	}
	return out
}

// refreshTokenName is as MSAL Python has it; the family's has the family in the
// client's place, as MSAL Go and MSAL .NET write it.
func refreshTokenName(p domain.PartitionKey, t domain.RefreshToken) string {
	if p.Kind() == domain.FamilyPartition {
		return keyOf(t.HomeAccountID, t.Key.Environment, "refreshtoken", p.ClientID(), "", "")
	}
	return keyOf(t.HomeAccountID, t.Key.Environment, "refreshtoken", t.ClientID, "", t.Scopes.String())
}

func refreshTokenFields(p domain.PartitionKey, t domain.RefreshToken) []field {
	partition := ""
	if t.FamilyID != "" {
		partition = p.Kind().String()
	}
	return []field{
		{fieldType, "RefreshToken"}, {fieldSecret, t.Secret.Reveal()}, {fieldHome, t.HomeAccountID}, {fieldEnvironment, t.Key.Environment},
		{fieldClient, t.ClientID}, {fieldTarget, t.Scopes.String()}, {fieldRealm, t.Key.Tenant}, {fieldFamily, t.FamilyID},
		timeField(fieldModified, t.LastModified), timeField(fieldExpiresOn, t.ExpiresOn), {fieldPartition, partition},
	}
}
