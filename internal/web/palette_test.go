package web_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

type rgb [3]float64 // sRGB, 0-1

var declaration = regexp.MustCompile(`--([a-z0-9-]+): (?:light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)|(#[0-9a-f]{6}));`)

// palettes reads the colours of both themes from the style sheet.
func palettes(t *testing.T) (light, dark map[string]rgb) {
	t.Helper()
	b, err := os.ReadFile("static/css/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark = map[string]rgb{}, map[string]rgb{}
	for _, m := range declaration.FindAllStringSubmatch(string(b), -1) {
		l, d := m[2], m[3]
		if m[4] != "" {
			l, d = m[4], m[4]
		}
		if _, again := light[m[1]]; again {
			continue // the declarations for more contrast come later
		}
		light[m[1]], dark[m[1]] = hex(t, l), hex(t, d)
	}
	return light, dark
}

func hex(t *testing.T, s string) rgb {
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	return rgb{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
}

func (c rgb) linear() [3]float64 {
	var out [3]float64
	for i, v := range c {
		if out[i] = v / 12.92; v > .04045 {
			out[i] = math.Pow((v+.055)/1.055, 2.4)
		}
	}
	return out
}

// contrast is WCAG 2.2's ratio of relative luminances.
func contrast(a, b rgb) float64 {
	lum := func(c rgb) float64 {
		l := c.linear()
		return .2126*l[0] + .7152*l[1] + .0722*l[2]
	}
	x, y := lum(a), lum(b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

func TestContrast(t *testing.T) {
	light, dark := palettes(t)
	for theme, c := range map[string]map[string]rgb{"light": light, "dark": dark} {
		check := func(front, back string, least float64) {
			t.Helper()
			f, okF := c[front]
			b, okB := c[back]
			if !okF || !okB {
				t.Fatalf("%s: no colour %s or %s", theme, front, back)
			}
			if got := contrast(f, b); got < least {
				t.Errorf("%s: %s on %s has contrast %.2f, want %.1f", theme, front, back, got, least)
			}
		}
		for _, back := range []string{"bg", "card", "raised", "accent-soft"} {
			check("text", back, 7)
			check("muted", back, 4.5)
			check("accent", back, 4.5)
		}
		for _, back := range []string{"bg", "card"} {
			check("control", back, 3)
			check("good", back, 3)
			check("for", back, 3)
			check("against", back, 3)
		}
		check("on-accent", "accent", 4.5)
		for _, s := range severities {
			check("on-severity", s, 4.5)
			if theme == "dark" {
				check(s, "card", 4.5)
			}
		}
	}
	// On white the fills stand by their outline.
	outline := regexp.MustCompile(`--chip-line: light-dark\((#[0-9a-f]{6}), transparent\);`)
	b, _ := os.ReadFile("static/css/tokens.css")
	m := outline.FindStringSubmatch(string(b))
	if m == nil || contrast(hex(t, m[1]), light["card"]) < 4.5 {
		t.Errorf("the outline of chips on a light card: %v", m)
	}
}

var severities = []string{"critical", "high", "medium", "low", "info"}

// How dichromats see, on linear RGB: Machado, Oliveira and Fernandes 2009,
// severity 1.0.
var visions = map[string][3][3]float64{
	"normal": {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protan": {{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}},
	"deutan": {{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}},
	"tritan": {{1.255528, -.076749, -.178779}, {-.078411, .930809, .147602}, {.004733, .691367, .303900}},
}

func TestSeveritiesStayApart(t *testing.T) {
	_, c := palettes(t)
	for vision, m := range visions {
		for i, a := range severities {
			for _, b := range severities[i+1:] {
				if d := ciede2000(lab(c[a], m), lab(c[b], m)); d < 15 {
					t.Errorf("%s vision: %s and %s are %.1f apart, want 15", vision, a, b, d)
				}
			}
		}
	}
}

// The distance agrees with the test data of Sharma, Wu and Dalal 2005.
func TestCIEDE2000(t *testing.T) {
	for _, tt := range []struct {
		a, b [3]float64
		want float64
	}{
		{[3]float64{50, 2.6772, -79.7751}, [3]float64{50, 0, -82.7485}, 2.0425},
		{[3]float64{50, 2.5, 0}, [3]float64{73, 25, -18}, 27.1492},
		{[3]float64{50, 2.5, 0}, [3]float64{58, 24, 15}, 19.4535},
		{[3]float64{2.0776, .0795, -1.1350}, [3]float64{.9033, -.0636, -.5514}, .9082},
	} {
		if got := ciede2000(tt.a, tt.b); math.Abs(got-tt.want) > .0001 {
			t.Errorf("%v %v: %.4f, want %.4f", tt.a, tt.b, got, tt.want)
		}
	}
}

func lab(c rgb, vision [3][3]float64) [3]float64 {
	l := c.linear()
	var s [3]float64
	for i, row := range vision {
		s[i] = min(max(row[0]*l[0]+row[1]*l[1]+row[2]*l[2], 0), 1)
	}
	f := func(v float64) float64 {
		if v > 216.0/24389 {
			return math.Cbrt(v)
		}
		return (24389.0/27*v + 16) / 116
	}
	x := f((.4124564*s[0] + .3575761*s[1] + .1804375*s[2]) / .95047)
	y := f(.2126729*s[0] + .7151522*s[1] + .0721750*s[2])
	z := f((.0193339*s[0] + .1191920*s[1] + .9503041*s[2]) / 1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// ciede2000 is the colour difference of CIE 142-2001.
func ciede2000(p, q [3]float64) float64 {
	const pow7 = 6103515625 // 25^7
	sin, cos := func(d float64) float64 { return math.Sin(d * math.Pi / 180) }, func(d float64) float64 { return math.Cos(d * math.Pi / 180) }
	mean := (math.Hypot(p[1], p[2]) + math.Hypot(q[1], q[2])) / 2
	g := .5 * (1 - math.Sqrt(math.Pow(mean, 7)/(math.Pow(mean, 7)+pow7)))
	polar := func(v [3]float64) (chroma, hue float64) {
		a := v[1] * (1 + g)
		if chroma = math.Hypot(a, v[2]); chroma > 0 {
			hue = math.Mod(math.Atan2(v[2], a)*180/math.Pi+360, 360)
		}
		return chroma, hue
	}
	c1, h1 := polar(p)
	c2, h2 := polar(q)
	dh, hm := h2-h1, h1+h2
	switch {
	case c1*c2 == 0:
		dh = 0
	case dh > 180:
		dh, hm = dh-360, (hm+360)/2
	case dh < -180:
		dh, hm = dh+360, (hm+360)/2
	default:
		hm /= 2
	}
	dl, dc, dH := q[0]-p[0], c2-c1, 2*math.Sqrt(c1*c2)*sin(dh/2)
	lm, cm := (p[0]+q[0])/2, (c1+c2)/2
	t := 1 - .17*cos(hm-30) + .24*cos(2*hm) + .32*cos(3*hm+6) - .2*cos(4*hm-63)
	sl := 1 + .015*(lm-50)*(lm-50)/math.Sqrt(20+(lm-50)*(lm-50))
	sc, sh := 1+.045*cm, 1+.015*cm*t
	rc := 2 * math.Sqrt(math.Pow(cm, 7)/(math.Pow(cm, 7)+pow7))
	rt := -sin(60*math.Exp(-math.Pow((hm-275)/25, 2))) * rc
	return math.Sqrt(dl*dl/sl/sl + dc*dc/sc/sc + dH*dH/sh/sh + rt*dc/sc*dH/sh)
}
