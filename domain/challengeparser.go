package domain

import "strings"

// ParseChallenges returns the challenges in WWW-Authenticate fields, in their order.
// One field may have several, and each its parameters between the same commas
// (RFC 9110 §11.6.1). Where a field cannot be read any further, what was read of it
// is all that it gives: a caller that has been refused wants what there is.
func ParseChallenges(fields []string) []Challenge {
	var all []Challenge
	for _, field := range fields {
		p := challengeParser{rest: field}
		for p.next() {
			if c, ok := p.challenge(); ok {
				all = append(all, c)
			}
		}
	}
	return all
}

// challengeParser reads one field, from its start to its end.
type challengeParser struct {
	rest   string
	broken bool // what follows cannot be read
}

// next goes to the next element of the list.
//
// RFC 9110 §5.6.1.2: "a recipient MUST parse and ignore a reasonable number of empty
// list elements".
func (p *challengeParser) next() bool {
	p.rest = strings.TrimLeft(p.rest, " \t,")
	return p.rest != "" && !p.broken
}

// challenge reads a scheme and what belongs to it.
func (p *challengeParser) challenge() (c Challenge, ok bool) {
	c.Scheme = p.token()
	hasMore := p.space()
	if c.Scheme == "" || !hasMore && !p.ended() {
		p.broken = true
		return c, false
	}
	if c.Token68 = p.token68(); c.Token68 == "" && hasMore {
		c.Params = p.params()
	}
	return c, true
}

// params reads parameters up to the next challenge. Commas between them that somebody
// forgot are not missed.
func (p *challengeParser) params() map[string]string {
	var params map[string]string
	for p.next() {
		before := p.rest
		name, value, ok := p.param()
		if !ok {
			if !p.broken { // the name is the scheme of the next challenge
				p.rest = before
			}
			return params
		}
		if params == nil {
			params = map[string]string{}
		}
		name = strings.ToLower(name)
		if _, twice := params[name]; !twice {
			params[name] = value
		}
		p.broken = !p.ended() && !p.space()
	}
	return params
}

// param reads auth-param = token BWS "=" BWS ( token / quoted-string ).
func (p *challengeParser) param() (name, value string, ok bool) {
	name = p.token()
	p.space()
	if name == "" || !strings.HasPrefix(p.rest, "=") {
		p.broken = name == ""
		return "", "", false
	}
	p.rest = p.rest[1:]
	p.space()
	if value, ok = p.quoted(); ok {
		return name, value, true
	}
	value = p.token()
	p.broken = p.broken || value == ""
	return name, value, value != ""
}

// quoted reads a quoted string (RFC 9110 §5.6.4); one that does not end is none.
func (p *challengeParser) quoted() (value string, ok bool) {
	if !strings.HasPrefix(p.rest, `"`) {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			p.rest = p.rest[i+1:]
			return b.String(), true
		case c == '\\' && i+1 < len(p.rest):
			i++
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// token68 reads the one value of schemes that have no parameters; "" when there are
// parameters, or nothing.
func (p *challengeParser) token68() string {
	end := strings.IndexFunc(p.rest, func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("-._~+/", r) })
	if end < 0 {
		end = len(p.rest)
	}
	padded := strings.TrimLeft(p.rest[end:], "=")
	value := p.rest[:len(p.rest)-len(padded)]
	after := challengeParser{rest: padded}
	if end == 0 || !after.ended() {
		return ""
	}
	p.rest = padded
	return value
}

// ended reports whether an element of the list ends here.
func (p *challengeParser) ended() bool {
	rest := strings.TrimLeft(p.rest, " \t")
	return rest == "" || rest[0] == ','
}

// space skips blanks and reports whether there were any.
func (p *challengeParser) space() bool {
	before := len(p.rest)
	p.rest = strings.TrimLeft(p.rest, " \t")
	return len(p.rest) < before
}

// token reads one (RFC 9110 §5.6.2).
func (p *challengeParser) token() string {
	end := strings.IndexFunc(p.rest, func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("!#$%&'*+-.^_`|~", r) })
	if end < 0 {
		end = len(p.rest)
	}
	value := p.rest[:end]
	p.rest = p.rest[end:]
	return value
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
