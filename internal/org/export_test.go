package org

// Try answers a step of an empty profile.
func Try(step Step, a Answer) (Profile, error) {
	var p Profile
	_, err := p.answer(step, a)
	return p, err
}
