package keyporttest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// RequireClaims makes a resource want more than a sign-in: users get a token for it
// only when the claims parameter of this request, or of an earlier one of the same
// sign-in, has asked for these claims. Other requests are refused as Entra ID does when
// a policy wants a second factor (AADSTS50076), with the claims to ask for. claims is a
// JSON object such as {"access_token":{"acrs":{"essential":true,"value":"c1"}}}; when
// empty, the resource wants nothing more. It panics when claims is something else.
func (a *Authority) RequireClaims(resource, claims string) {
	wanted := parseClaims("RequireClaims", claims)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flows.required[resourceKey(resource)] = wanted
}

func parseClaims(of, claims string) map[string]any {
	if claims == "" {
		return nil
	}
	var object map[string]any
	if json.Unmarshal([]byte(claims), &object) != nil || object == nil {
		panic("keyporttest: " + of + ": the claims are no JSON object")
	}
	return object
}

// mergeClaims returns the claims of both; of values that differ the later counts.
func mergeClaims(old, later map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range old {
		out[name] = value
	}
	for name, value := range later {
		was, wasObject := out[name].(map[string]any)
		is, isObject := value.(map[string]any)
		if wasObject && isObject {
			value = mergeClaims(was, is)
		}
		out[name] = value
	}
	return out
}

// containsClaims reports whether all that is wanted was asked for.
func containsClaims(asked, wanted any) bool {
	want, isObject := wanted.(map[string]any)
	if !isObject {
		return reflect.DeepEqual(asked, wanted)
	}
	have, _ := asked.(map[string]any)
	for name, value := range want {
		if got, there := have[name]; !there || !containsClaims(got, value) {
			return false
		}
	}
	return true
}

// valuesOf reads {"value": …} or {"values": […]} (OIDC Core §5.5.1).
func valuesOf(claims map[string]any, member, name string) []string {
	in, _ := claims[member].(map[string]any)
	wanted, _ := in[name].(map[string]any)
	var out []string
	if s, ok := wanted["value"].(string); ok {
		out = append(out, s)
	}
	list, _ := wanted["values"].([]any)
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return slices.Compact(out)
}

func joined(scopes []string) string { return strings.Join(scopes, " ") }
