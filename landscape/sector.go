package landscape

import (
	"slices"
	"strings"
	"sync"
)

// sector is a part of the economy; parents are what it is a part of.
type sector struct {
	key, name string
	parents   []string
	words     string // separated by commas, lower case
}

// sectors is the vocabulary. Words are those that reports and catalogues use; the
// first rule is that one word means one sector.
var sectors = []sector{
	{"government", "government", nil, "government,governments,governmental,public sector,public administration,government administration,administration,ministry,ministries,government agencies,state agencies,municipal,municipalities,public services,local government"},
	{"diplomacy", "diplomacy", []string{"government"}, "diplomacy,diplomatic,diplomats,embassy,embassies,foreign affairs,international organizations,intergovernmental"},
	{"police", "police and justice", []string{"government"}, "police,law enforcement,judiciary,justice,courts,police law enforcement,border control,customs"},
	{"politics", "politics", nil, "political party,political parties,politicians,political organizations,elections,political,presidential campaign"},
	{"defence", "defence", nil, "defense,defence,military,defense contractors,defence contractors,defense industrial base,army,armed forces,weapons"},
	{"aerospace", "aerospace", []string{"manufacturing"}, "aerospace,satellite,satellites,satellite navigation"},
	{"finance", "financial services", nil, "finance,financial,financial services,financial institutions,financial institution,financial sector,fintech,investment firms,hedge funds"},
	{"banking", "banking", []string{"finance"}, "bank,banks,banking,atm,atms,central banks"},
	{"insurance", "insurance", []string{"finance"}, "insurance,insurers"},
	{"crypto", "crypto currency", []string{"finance"}, "cryptocurrency,cryptocurrencies,crypto,blockchain,cryptocurrency exchanges,virtual currency,web3,defi"},
	{"critical", "critical infrastructure", nil, "critical infrastructure,critical infrastructures,kritis,essential services"},
	{"energy", "energy", []string{"critical"}, "energy,utilities,utility,power grid,electric power,power companies,power plants,energy companies,smart meter,renewables"},
	{"electricity", "electricity", []string{"energy"}, "electric,electricity,electrical,electric utilities,electrical companies,electric grid"},
	{"oil-gas", "oil and gas", []string{"energy"}, "oil,gas,oil and gas,petroleum,natural gas"},
	{"nuclear", "nuclear", []string{"energy"}, "nuclear,nuclear power"},
	{"water", "water", []string{"critical"}, "water,wastewater,drinking water"},
	{"health", "health care", []string{"critical"}, "health,healthcare,health care,hospital,hospitals,medical,medicine,public health,veterinary"},
	{"pharma", "pharmaceuticals and life sciences", []string{"health"}, "pharmacy,pharmaceutical,pharmaceuticals,biomedical,biotechnology,biotech,life science,life sciences,vaccine,vaccines,infectious disease"},
	{"telecom", "telecommunications", []string{"critical"}, "telecoms,telecom,telecommunication,telecommunications,telco,telcos,it isp,isp,isps,internet service providers,internet providers,communications,dns service provider"},
	{"transport", "transport", []string{"critical"}, "transport,transportation,transit"},
	{"logistics", "logistics", []string{"transport"}, "logistic,logistics,freight,supply chain logistics,postal,courier,cargo,forwarding"},
	{"aviation", "aviation", []string{"transport"}, "civil aviation,aviation,airline,airlines,airports,airport"},
	{"maritime", "maritime", []string{"transport"}, "maritime,shipping,ports,naval,shipbuilding"},
	{"rail", "rail", []string{"transport"}, "railway,railways,rail"},
	{"technology", "technology", nil, "technology,it,information technology,high tech,high technology,software,it services,it service providers,tech,digital services,digital infrastructure,cloud services,hosting,data broker,video sharing,social networks,technology companies"},
	{"service-providers", "managed service providers", []string{"technology"}, "managed services provider,managed service providers,managed service provider,msp,msps"},
	{"security-vendors", "IT security", []string{"technology"}, "it security,cybersecurity,security companies,security researchers,security vendors,security service"},
	{"electronics", "electronics and semiconductors", []string{"technology", "manufacturing"}, "semi conductors,semiconductor,semiconductors,electronics,communication equipment"},
	{"education", "education", nil, "education,educational,higher education,schools,school,university,universities,academia,academic,academia university,academics"},
	{"research", "research", nil, "research,research innovation,researchers,research institutions,research institutes,scientific,laboratories"},
	{"media", "media", nil, "media,news,news media,journalist,journalists,journalism,television,television broadcast,broadcast,broadcasting,publishing,publishing industry,newspapers,press"},
	{"civil-society", "civil society", nil, "civil society,ngo,ngos,non governmental organizations,nongovernmental organizations,non government organizations,non profit,nonprofit,non profit organisation,nonprofits,think tank,think tanks,dissident,dissidents,activist,activists,human rights,religious,islamic organisation,minorities,separatists,humanitarian,charities"},
	{"retail", "retail", nil, "retail,retailers,retail sector,e commerce,ecommerce,online marketplace,consumer goods,point of sale,wholesale"},
	{"hospitality", "hospitality", nil, "hospitality,hotel,hotels,restaurant,restaurants,tourism,travel"},
	{"gambling", "gambling", []string{"hospitality"}, "casino,casinos,gambling,betting"},
	{"entertainment", "entertainment", nil, "entertainment,gaming,video game,video games,sport,sports"},
	{"manufacturing", "manufacturing", nil, "manufacturing,manufacturer,manufacturers,industrial,manufacturing companies,industrial control systems,ics"},
	{"automotive", "automotive", []string{"manufacturing"}, "automotive,car makers,automobile"},
	{"chemicals", "chemicals", []string{"manufacturing"}, "chemical,chemicals,petrochemical"},
	{"metal", "metal", []string{"manufacturing"}, "steel,metal,metals,aluminium,aluminum"},
	{"engineering", "engineering", []string{"manufacturing"}, "engineering"},
	{"mining", "mining", nil, "mining,minerals"},
	{"construction", "construction", nil, "construction,real estate"},
	{"agriculture", "food and agriculture", nil, "agriculture,agricultural,food,food and beverage,farming"},
	{"services", "professional services", nil, "consulting,accounting,tax firm,professional services,business services,marketing,advertising,human resources"},
	{"legal", "law firms", []string{"services"}, "law firms,law firm,lawyers,attorneys"},
}

// sectorIndex is the vocabulary laid out for looking up.
type sectorIndex struct {
	at    map[string]*sector
	words map[string]string // words -> key
	long  int               // words of the longest
}

var sectorTable = sync.OnceValue(func() sectorIndex {
	x := sectorIndex{at: map[string]*sector{}, words: map[string]string{}}
	for i := range sectors {
		s := &sectors[i]
		x.at[s.key] = s
		for w := range strings.SplitSeq(s.words, ",") {
			x.words[w] = s.key
			x.long = max(x.long, strings.Count(w, " ")+1)
		}
	}
	return x
})

// fold is a term as compared: lower case, one space between words.
func fold(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" \t\n-_/,.&’'()", r) }), " ")
}

// SectorOf returns the key of a sector by any of its words, or by its key: "Financial
// services", "banks". ok is false for a word that names none ("Private sector").
func SectorOf(words string) (key string, ok bool) {
	f, known := fold(words), sectorTable().words
	if s := sectorTable().at[strings.ToLower(strings.TrimSpace(words))]; s != nil {
		return s.key, true
	}
	if key, ok = known[f]; ok {
		return key, ok
	}
	for _, ending := range []string{" sector", " industry", " companies", " organizations", " organisations", " firms"} {
		if base, cut := strings.CutSuffix(f, ending); cut {
			if key, ok = known[base]; ok {
				return key, ok
			}
		}
	}
	return "", false
}

// Sectors lists the keys of all sectors, the wide before their parts.
func Sectors() []string {
	out := make([]string, 0, len(sectors))
	for _, s := range sectors {
		out = append(out, s.key)
	}
	return out
}

// SectorName is a sector for people.
func SectorName(key string) string {
	if s := sectorTable().at[key]; s != nil {
		return s.name
	}
	return key
}

// within says whether sector a is b or a part of it.
func within(a, b string) bool {
	if a == b {
		return true
	}
	s := sectorTable().at[a]
	return s != nil && slices.ContainsFunc(s.parents, func(p string) bool { return within(p, b) })
}
