"""Makes normalized.json beside this file: strings and what openai-whisper's normalisers make of them.

Run with openai-whisper installed: python crates/undertone/tests/eval/make.py
"""

import json
from pathlib import Path

from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer

ENGLISH = """
I paid twenty one dollars and five cents.
It cost $20 million, not $20,000,000.00!
He has $2 and seven cents and £3 and ¢7 left
zero point five percent
fifty per cent of the people per capita
one oh one
one hundred and one
one hundred and one thousand
two thousand and twenty-three
twenty twenty-three
nineteen eighty-four
nineteen hundred and five
in the 1960s and the nineteen sixties
the twenties and thirties
twenty-first century, 21st century, 21 st century
the two hundred and seventy fourth
three hundredth and fourth of a second
two and a half million
two and a half
a dog and a half
ten and  a  half and a half
and a half
one million two hundred thirty four thousand five hundred sixty seven
nine hundred ninety nine decillion
six sextillion septillion
a million millions, hundreds of thousands
zero million
0 million 0 hundred 0s
00 million 007 0.50
0 oh 0 point 5
oh oh seven
double oh seven
triple five double nine
double trouble and double one hundred
triple zero double double five
point five
point hundred and point
one point
one point two point three
192 point 168 point one point one
3.14159 million
1.5 thousand 1.2345 hundred
1.5 hundredths 2.55555 thousandths
minus five degrees
negative twenty point one
minus minus one
plus or minus three
positive thinking, positive 3
minus one hundred and twenty dollars
five dollars minus three euros
dollars and cents
one dollar, two pounds, ones and sixes
one one one
the one and only ones
1st 2nd 3rd 4th 11th 111th
first second third fifth eighth ninth twelfth twentieth thirtieth
twenty first twenty eleventh hundred twelfth
one second, two seconds
thousands of millionths
seven hundred fifties and twenty sixes
thirty three thirds
sixty sixties
fifty fifty
fifty five five
five fifty five
eleven eleven
one eleven one hundred eleven
twelve thirteen hundred
twenty hundred
hundred thousand
a hundred a thousand
one thousand thousand
forty two thousand forty two
12 thousand 12
12 12
12 and 12
12 hundred and 50
3 thousand 7 hundred and sixty one
$5 hundred
$5.50 million
-5 +5 5- 5+
$1 $1.00 $1.50 $0.99 $0.05 €0.7
£0.123 $0 05 $10 ¢5 €3 and ¢123
$100 ¢50
12,345,678.90
1,2,3,4
1,234 5,6,7
3.5.7 1.2.3.4
. .5 5. 5.. ...5
a.b a. b .c
U.S.A. e.g. i.e. Dr.Who Ph.D.
50% 50 % % 5%% x% 100 percent
percent percent five percent percent
5 per cent five per second per
5 cent 5 cents cents
50 cents, one cent
$ $$ $a a$ 5$ € £x ¢ ¢x
A4 B2B 3D x2y 10am 5pm 2x4 1s 1st 1th
I'd been there, he'd gone, she'd done it
it's been, he's gone, that's got, he'd've
I won't, can't, shan't, ain't, y'all
let's go, I'm, we're, they've, you'll, don't, 'tis, rock 'n' roll
wanna gonna gotta i'ma imma woulda coulda shoulda ma'am
what's the dog's bone's colour
do n't we 'll it 's
O'Brien's o'clock at 5 o'clock
Mr. Smith and Mrs. Jones, Dr. No
St. John St John st. 1 st
Prof. X, Capt. Hook, Gov. Lee, Gen. Grant, Sen. Doe, Rep. Roe
Pres. Rev. Hon. Asst. Assoc. Lt. Col. Jr. Sr. Esq. Ald.
mr mrs mrs. smith jr
hmm, mm, mhm, mmm, uh, um, umm, hmmm
uh-huh um-um mm mm
[music] (laughs) <unk> text [unclosed (unclosed
() (()) ((a)) [] <> <a]b> [a>b]
a (b) c) (d
[[nested] brackets] <<x>>
colour favourite centre theatre organise organisation analyse
aeroplane cheque grey jewellery kerb mould plough programme storey tyre
travelled travelling cancelled labelled modelling
cosy sceptical pyjamas moustache mum whilst
archaeology paediatric oesophagus manoeuvre
café naïve résumé Ångström São Paulo façade
œuvre Øre Æther straße ẞ đ Đ ð Ð þ Þ ł Ł
ﬁ ﬂ ½ ¼ ² ³ ① Ⅷ
½ cup, 2½, 3² x²
fullwidth ＡＢＣ １２３ ４．５
٣ ٣٫٥ ٤ ملايين
३ करोड़ ५
Ünïcödé ñ ç ş ğ
emoji 😀 👍🏽 ❤️ ✨
quotes “curly” ‘single’ «guillemets» it’s don’t
dashes – — - twenty–one twenty-one
ellipsis… wait...
under_score snake_case _x_ 5_000
tab\tand\nnewline\r\nmix
nbsp\u00a0thin\u2009ideographic\u3000space
\u001c\u001d sep \u001f
zero\u200bwidth \ufeffbom
a\u0301 e\u0308 combining n\u0303
slash and/or 1/2 3/4 24/7
email me@example.com http://x.y/z?q=1&r=2
#hashtag @user 100#
A&B R&B AT&T
C++ C# .NET
5'11" 6 feet 2
10:30 10.30 10h30
2020-01-01 01/02/03
+1 (555) 123-4567
555-1234 five five five one two three four
call nine one one
route sixty six, flight seven four seven
the year two thousand one and nineteen ninety nine
three quarters, two thirds, one half, half a million
one in ten, five to one, two by four
seven eleven twenty four seven
twenty four hours a day
a hundred and fifty-five thousand and six
five hundred and
and five hundred
and and and
and one and two and three
one and
hundred and one and a half
one hundred and a half
thousand and a half percent
five point five percent and a half
one point five million dollars
point five million dollars
dollar five
twenty dollars fifty
twenty dollars and fifty cents
one hundred dollars and one cent
zero dollars and seven cents
two pounds and twelve cents
minus
plus
negative
minus the cost
no numbers here at all
TWENTY ONE Hundred AND Five
Twenty-One THIRDS
o o o oh
o oh one o
ohs and zeros
zeroth eightieth hundredth
nineth eightth fourty
ten-four good buddy
ten four one
one ten hundred
two ten
two twenty two hundred
two hundred twenty two hundred
thirty ten thirty one
eighty eight eighty
nine nine nine ninety
sixteen sixteen sixteen
seventeen seventy seven
fourteen hundred ninety two
one trillion one
million
millions
billion billionth
3 million 2
3.0 million 3.10
3.0 4.00 05.0
5 oh 5
five oh
o5 5o oh5
İstanbul ISTANBUL ΣΟΦΟΣ ǅ
x\u0000y
'
'' ' a 'b
n't 't 's 'd
I'd I'd been'd
it's been's
s's
 leading and trailing 


""".strip("\n").split("\n")

BASIC = """
Grüß Gott, wie geht's? Straße!
L'été, c'est l'amour… (rires) [musique]
¿Qué tal? ¡Muy bien! 1.234,56 €
Привет, как дела? Ёлка-ёлка
今日は、いい天気ですね。
你好，世界！１２３
ภาษาไทยไม่มีช่องว่าง น้ำ
မြန်မာ ဘာသာ
ສະບາຍດີ
हिन्दी में लिखा है।
한국어 텍스트입니다.
العربيّة: السلام عليكم؟
ＡＢＣ ﬁ ½ ² Ⅷ
<b>x</b> (a) [b] 👨‍👩‍👧 🇩🇪 é e\u0301
İı ẞ ǆ
""".strip("\n").split("\n")


here = Path(__file__).parent
normalisers = {
    "en": (EnglishTextNormalizer(), ENGLISH),
    "de": (BasicTextNormalizer(), BASIC),
    "ja": (BasicTextNormalizer(split_letters=True), BASIC),
}
rows = {
    code: [[text, normalise(text)] for text in lines] for code, (normalise, lines) in normalisers.items()
}
text = json.dumps(rows, ensure_ascii=True, indent=0)
(here / "normalized.json").write_text(text.replace("[\n\"", "[\"").replace("\",\n\"", "\", \"").replace("\"\n]", "\"]") + "\n")
