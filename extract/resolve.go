package extract

import "strings"

// others says who else has a name that was taken for that of one.
func (r *reading) others(all []nameRef, taken nameRef) string {
	var out []string
	for _, x := range all {
		if o := r.engine.known.Names.entities[x.entity]; x.entity != taken.entity && len(out) < 3 {
			out = append(out, string(o.Kind)+" "+o.Name)
		}
	}
	if out == nil {
		return ""
	}
	return "also a name of " + strings.Join(out, ", ")
}

func (r *reading) spelled(x nameRef) string {
	e := r.engine.known.Names.entities[x.entity]
	if x.alias < 0 {
		return e.Name
	}
	return e.Aliases[x.alias]
}

// resolve decides for a kind by what stands beside the name, here or elsewhere in
// the text. decided is false when nothing does.
func (r *reading) resolve(m mention, kinds map[Kind]int) (Kind, []nameRef, bool) {
	names := r.engine.known.Names
	by := map[Kind][]nameRef{}
	for _, x := range m.refs {
		k := names.entities[x.entity].Kind
		if k == Tool && kinds[Malware] > 0 && kinds[Malware] > kinds[Tool] {
			k = Malware // the text calls it a trojan, whatever the catalogue says
		}
		by[k] = append(by[k], x)
	}
	order := []Kind{Malware, Actor, Tool, Campaign, Country, Sector}
	for k := range by {
		by[k] = firstNames(by[k])
	}
	if len(by) == 1 {
		for k, refs := range by {
			return k, refs, true
		}
	}
	for _, k := range order {
		if by[k] != nil && cues[k] != nil && r.cue(&m, cues[k]) {
			return k, by[k], true
		}
	}
	best, most := Kind(""), 0
	for _, k := range order {
		if by[k] != nil && kinds[k] > most {
			best, most = k, kinds[k]
		}
	}
	if best != "" {
		return best, by[best], true
	}
	for _, k := range order { // the one ATT&CK knows
		for _, x := range by[k] {
			if names.entities[x.entity].ID != "" {
				return k, by[k], false
			}
		}
	}
	for _, k := range order {
		if by[k] != nil {
			return k, by[k], false
		}
	}
	return "", m.refs, false
}

// firstNames leaves of the entities that have a name those that have it first: APT41
// is APT41, whoever else was called so once.
func firstNames(refs []nameRef) []nameRef {
	var out []nameRef
	for _, x := range refs {
		if x.alias < 0 && !x.joined {
			out = append(out, x)
		}
	}
	if len(out) == 1 {
		return out
	}
	return refs
}

func stixType(k Kind) string {
	switch k {
	case Actor:
		return "intrusion-set"
	case Malware, Tool, Campaign:
		return string(k)
	case Sector:
		return "identity"
	case Country:
		return "location"
	case Technique:
		return "attack-pattern"
	}
	return string(k)
}
