package main

// moreTools are programs that reports name as tools and no cluster has: what comes
// with an operating system, and scripts of well-known collections.
var moreTools = []string{
	"whoami", "wmic", "smbexec", "wmiexec", "atexec", "dcomexec", "secretsdump", "quser", "hostname", "fsutil", "vssadmin", "bcdedit", "wbadmin", "diskshadow", "ntdsutil", "curl", "wget",
	"QuarksPwDump", "Invoke-Mimikatz", "PowerView", "netcat", "plink", "nmap", "masscan", "sqlmap", "Metasploit", "Burp Suite",
}

// demonyms are other names of countries, and what comes from them, by ISO code.
var demonyms = map[string][]string{
	"US": {"United States of America", "USA", "US", "U.S", "American"}, "GB": {"UK", "U.K", "Britain", "Great Britain", "British", "England"},
	"RU": {"Russian Federation", "Russian"}, "CN": {"Chinese", "PRC", "People's Republic of China"}, "IR": {"Iranian"}, "KP": {"North Korean", "DPRK"},
	"KR": {"South Korean", "Republic of Korea"}, "IN": {"Indian"}, "PK": {"Pakistani"}, "UA": {"Ukrainian"}, "DE": {"German"}, "FR": {"French"}, "IT": {"Italian"},
	"ES": {"Spanish"}, "PL": {"Polish"}, "TR": {"Turkish", "Türkiye", "Turkiye"}, "IL": {"Israeli"}, "SA": {"Saudi", "KSA", "Kingdom of Saudi Arabia"},
	"AE": {"UAE", "Emirati"}, "JP": {"Japanese"}, "TW": {"Taiwanese"}, "VN": {"Vietnamese", "Viet Nam"}, "PH": {"Philippine", "Filipino"}, "ID": {"Indonesian"},
	"TH": {"Thai"}, "MY": {"Malaysian"}, "SG": {"Singaporean"}, "AU": {"Australian"}, "CA": {"Canadian"}, "BR": {"Brazilian"}, "MX": {"Mexican"}, "AR": {"Argentine", "Argentinian"},
	"NL": {"Dutch", "Holland"}, "BE": {"Belgian"}, "CH": {"Swiss"}, "AT": {"Austrian"}, "SE": {"Swedish"}, "NO": {"Norwegian"}, "FI": {"Finnish"}, "DK": {"Danish"},
	"CZ": {"Czech", "Czechia"}, "SK": {"Slovak"}, "HU": {"Hungarian"}, "RO": {"Romanian"}, "BG": {"Bulgarian"}, "GR": {"Greek"}, "CY": {"Cypriot"}, "BY": {"Belarusian"},
	"KZ": {"Kazakh"}, "GE": {"Georgian"}, "AM": {"Armenian"}, "AZ": {"Azerbaijani"}, "SY": {"Syrian"}, "LB": {"Lebanese"}, "JO": {"Jordanian"}, "IQ": {"Iraqi"}, "EG": {"Egyptian"},
	"PS": {"Palestine", "Palestinian"}, "MM": {"Burma", "Burmese"}, "KH": {"Cambodian"}, "LA": {"Laos", "Laotian"}, "MN": {"Mongolian"}, "NP": {"Nepalese", "Nepali"}, "BD": {"Bangladeshi"},
	"AF": {"Afghan"}, "LK": {"Sri Lankan"}, "CO": {"Colombian"}, "CL": {"Chilean"}, "PE": {"Peruvian"}, "VE": {"Venezuelan"}, "ZA": {"South African"}, "NG": {"Nigerian"}, "KE": {"Kenyan"},
	"LT": {"Lithuanian"}, "LV": {"Latvian"}, "EE": {"Estonian"}, "PT": {"Portuguese"}, "IE": {"Irish"}, "HR": {"Croatian"}, "RS": {"Serbian"}, "HK": {"Hong Kong"}, "TJ": {"Tajik"}, "UZ": {"Uzbek"},
	"CD": {"DRC", "DR Congo"}, "LY": {"Libyan"}, "YE": {"Yemeni"}, "QA": {"Qatari"}, "KW": {"Kuwaiti"}, "BH": {"Bahraini"}, "OM": {"Omani"}, "MD": {"Moldovan"},
}

// dropped are values of the cluster that name no sector, or one that no reader would
// know by this word.
var dropped = map[string]bool{
	"Unknown": true, "Other": true, "Country": true, "IT": true, "Citizens": true, "Development": true, "Employment": true, "Environment": true, "Game": true, "Infrastructure": true,
	"Intelligence": true, "Multi-sector": true, "Opposition": true, "Payment": true, "Programming": true, "Security actors": true, "Security systems": true, "Space": true, "Trade": true,
	"Investment": true, "Advertising": true, "Immigration": true, "Arts": true, "Culture": true, "Digital services": true, "Streaming service": true, "Turbine": true,
}

// moreSectors are other words for sectors of the cluster.
var moreSectors = map[string][]string{
	"Bank": {"banking", "banks", "financial institutions"}, "Finance": {"financial services", "financial"}, "Energy": {"power grid", "electricity", "utilities"},
	"Health": {"healthcare", "health care", "hospitals", "medical"}, "Education": {"educational", "schools"}, "Academia - University": {"universities", "university", "academia", "academic"},
	"Government, Administration": {"government", "governments", "governmental", "public sector", "government entities"}, "Defense": {"defence"}, "Telecoms": {"telecommunications", "telecommunication", "telecom", "telco"},
	"Technology": {"information technology"}, "Transport": {"transportation"}, "Logistic": {"logistics"}, "Oil": {"oil and gas", "petroleum"},
	"Pharmacy": {"pharmaceutical", "pharmaceuticals"}, "Civil Aviation": {"aviation", "airlines"}, "NGO": {"non-governmental organizations", "NGOs"}, "Non-profit organisation": {"nonprofit", "nonprofits", "non-profit"},
	"Diplomacy": {"diplomatic", "diplomatic organizations", "embassies", "foreign affairs"}, "News - Media": {"media", "news media"}, "Semi-conductors": {"semiconductor", "semiconductors"},
	"Biomedical": {"biotechnology", "biotech"}, "Legal": {"law firms"}, "Insurance": {"insurers"}, "Think Tanks": {"think tank"}, "Journalist": {"journalists"}, "Dissidents": {"dissident"},
	"Automotive": {"car makers"}, "Police - Law enforcement": {"law enforcement"}, "Managed Services Provider": {"managed service providers", "MSPs"}, "IT - ISP": {"internet service providers", "ISPs"},
	"eCommerce": {"e-commerce"}, "Retail": {"retailers"}, "Manufacturing": {"manufacturers"}, "Casino": {"gambling"}, "Hotels": {"hotel"}, "Food": {"food and beverage"}, "High tech": {"high-tech"},
}
