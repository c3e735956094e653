package keyset

import (
	"encoding/json"
	"errors"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/application/internal/strictjson"
)

const maxKeys = 200

// keys is a JSON Web Key Set, as far as it verifies signatures.
type keys struct{ list []key }

type key struct {
	jose.JSONWebKey
	issuer string // Microsoft's: who signs with it, perhaps with a template
}

var errNoKeys = errors.New("is no JSON Web Key Set")

// parse reads a set (RFC 7517 §5). Keys of unknown kinds are passed over, as the
// standard asks, and so are those that are not for signatures.
func parse(body []byte) (*keys, error) {
	o, err := strictjson.Parse(body)
	if err != nil {
		return nil, errNoKeys
	}
	var raw []json.RawMessage
	if json.Unmarshal(o["keys"], &raw) != nil || len(raw) > maxKeys {
		return nil, errNoKeys
	}
	set := &keys{}
	for _, text := range raw {
		var k key
		var more struct {
			Issuer string `json:"issuer"`
		}
		if json.Unmarshal(text, &k.JSONWebKey) != nil || json.Unmarshal(text, &more) != nil {
			continue
		}
		if (k.Use != "" && k.Use != "sig") || !k.IsPublic() || !k.Valid() {
			continue
		}
		k.issuer = more.Issuer
		set.list = append(set.list, k)
	}
	return set, nil
}

// has reports whether the set has a key of that id; of any id when the token names none.
func (s *keys) has(kid string) bool { return len(s.under(kid)) > 0 }

func (s *keys) under(kid string) []key {
	if kid == "" {
		return s.list
	}
	var found []key
	for _, k := range s.list {
		if k.KeyID == kid {
			found = append(found, k)
		}
	}
	return found
}
