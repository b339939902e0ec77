use super::*;
use crate::domain::Language::*;

/// Messages as customers write them, with the language that they show on their own.
const MESSAGES: &[(Language, &str)] = &[
    (Ja, "7歳の息子の髪を切るといくらですか?"),
    (Ja, "ノートパソコンに512GBのSSDを入れてもらうといくらですか？"),
    (Zh, "打了5次电话都没人接"),
    (Th, "มี2ห้องว่างไหม"),
    (Ko, "3시까지하나요"),
    (Es, "cuanto cuesta"),
    (Es, "ola tienen pan?"),
    (Es, "hola buenas"),
    (Es, "a q hora abren"),
    (Es, "q precio tiene la tarta"),
    (Es, "hacen envios a domicilio?"),
    (Es, "aceptan tarjeta"),
    (Es, "quiero un pastel para 12 personas"),
    (Es, "donde estan"),
    (Es, "mañana abren?"),
    (Es, "y los domingos?"),
    (Es, "gracias"),
    (Es, "cual es el horario"),
    (Es, "me puede atender alguien"),
    (Es, "necesito una cita"),
    (Es, "todavia no me llega mi pedido"),
    (Es, "está abierto ahora"),
    (Es, "tienen sin gluten"),
    (Pt, "oi, tem pao?"),
    (Pt, "quanto custa"),
    (Pt, "vcs abrem hj?"),
    (Pt, "bom dia"),
    (Pt, "qual o horario de vcs"),
    (Pt, "fazem entrega?"),
    (Pt, "obrigado"),
    (Pt, "quero falar com uma pessoa"),
    (Pt, "tem bolo de chocolate"),
    (Pt, "aceita cartao?"),
    (Pt, "onde fica a loja"),
    (Pt, "o meu pedido ainda nao chegou"),
    (Pt, "vc tem sem gluten?"),
    (Pt, "amanha abre que horas"),
    (Pt, "preciso de um bolo pra sabado"),
    (Ca, "hola teniu pa?"),
    (Ca, "quant costa"),
    (Ca, "bon dia"),
    (Ca, "a quina hora obriu"),
    (Ca, "moltes gràcies"),
    (Ca, "voldria reservar una taula"),
    (Ca, "feu enviaments?"),
    (Ca, "esteu oberts avui?"),
    (Ca, "on sou"),
    (It, "quanto costa"),
    (It, "siete aperti oggi?"),
    (It, "buongiorno"),
    (It, "avete pane senza glutine"),
    (It, "a che ora chiudete"),
    (It, "grazie mille"),
    (It, "vorrei prenotare un tavolo"),
    (It, "dove siete"),
    (It, "fate consegne a casa?"),
    (It, "il mio ordine non e arrivato"),
    (It, "posso pagare con la carta"),
    (It, "ciao avete torte"),
    (Fr, "bjr vous etes ouvert?"),
    (Fr, "c'est combien"),
    (Fr, "vous ouvrez a quelle heure"),
    (Fr, "merci"),
    (Fr, "je voudrais un gateau"),
    (Fr, "ou etes vous"),
    (Fr, "livrez vous a domicile"),
    (Fr, "bonjour"),
    (Fr, "avez vous du pain sans gluten"),
    (Fr, "ma commande n'est pas arrivee"),
    (Fr, "jai besoin d'un rdv demain"),
    (En, "how much is it"),
    (En, "r u open today"),
    (En, "do you have bread?"),
    (En, "what time do you close"),
    (En, "thanks"),
    (En, "wheres my order"),
    (En, "can i book a table for 4"),
    (En, "hello there"),
    (En, "i need a cake tomorow"),
    (En, "u guys deliver?"),
    (En, "gluten free?"),
    (En, "where are you"),
    (De, "was kostet das"),
    (De, "habt ihr heute offen"),
    (De, "guten tag"),
    (De, "wo seid ihr"),
    (De, "wann macht ihr auf"),
    (De, "ich moechte einen tisch reservieren"),
    (De, "danke"),
    (De, "liefert ihr auch"),
    (De, "meine bestellung ist nicht da"),
    (De, "kann ich mit karte zahlen"),
    (De, "habt ihr brot ohne gluten"),
    (Nl, "hoeveel kost het"),
    (Nl, "zijn jullie open vandaag"),
    (Nl, "goedemorgen"),
    (Nl, "dank je wel"),
    (Nl, "hebben jullie brood"),
    (Nl, "ik wil een tafel reserveren"),
    (Nl, "waar zijn jullie"),
    (Nl, "hoe laat gaan jullie dicht"),
    (Nl, "bezorgen jullie ook"),
    (Ro, "cat costa"),
    (Ro, "buna ziua"),
    (Ro, "aveti paine?"),
    (Ro, "la ce ora deschideti"),
    (Ro, "multumesc"),
    (Ro, "unde sunteti"),
    (Ro, "vreau sa rezerv o masa"),
    (Ro, "faceti livrari?"),
    (Ro, "comanda mea nu a ajuns"),
    (Pl, "ile to kosztuje"),
    (Pl, "czy jestescie otwarci"),
    (Pl, "dzien dobry"),
    (Pl, "dziekuje"),
    (Pl, "macie chleb?"),
    (Pl, "o ktorej otwieracie"),
    (Pl, "chce zarezerwowac stolik"),
    (Pl, "gdzie jestescie"),
    (Tr, "ne kadar"),
    (Tr, "bugun acik misiniz"),
    (Tr, "merhaba"),
    (Tr, "tesekkurler"),
    (Tr, "ekmek var mi"),
    (Tr, "saat kacta aciliyorsunuz"),
    (Tr, "neredesiniz"),
    (Tr, "siparisim gelmedi"),
    (Id, "berapa harganya"),
    (Id, "buka jam berapa kak"),
    (Id, "selamat pagi"),
    (Id, "terima kasih"),
    (Id, "ada roti?"),
    (Id, "bisa antar ke rumah"),
    (Id, "alamatnya dimana"),
    (Id, "pesanan saya belum sampai"),
    (Vi, "bao nhieu tien"),
    (Vi, "shop mở cửa mấy giờ"),
    (Vi, "xin chào"),
    (Vi, "cảm ơn"),
    (Vi, "có bánh mì không"),
    (Vi, "o dau vay shop"),
    (Vi, "giao hàng không ạ"),
    (Ru, "сколько стоит"),
    (Ru, "вы сегодня работаете?"),
    (Ru, "здравствуйте"),
    (Ru, "спасибо"),
    (Ru, "есть хлеб"),
    (Ru, "где вы находитесь"),
    (Ru, "хочу заказать торт"),
    (Ru, "до скольки открыто"),
    (Uk, "скільки коштує"),
    (Uk, "ви сьогодні працюєте"),
    (Uk, "добрий день"),
    (Uk, "дякую"),
    (Uk, "хочу замовити торт"),
    (Uk, "де ви знаходитесь"),
    (Uk, "а хліб є?"),
    (El, "πόσο κάνει"),
    (El, "είστε ανοιχτά σήμερα"),
    (Ar, "بكم هذا"),
    (Ar, "هل انتم مفتوحين اليوم"),
    (Hi, "कितने का है"),
    (Hi, "दुकान कब खुलती है"),
    (Ja, "いくらですか"),
    (Ja, "予約したいです"),
    (Ko, "얼마예요"),
    (Ko, "오늘 영업하나요"),
    (Th, "ราคาเท่าไหร่"),
    (Th, "เปิดกี่โมง"),
    (Zh, "多少钱"),
    (Zh, "今天营业吗"),
    (Zh, "请问几点开门"),
    (Es, "teneis huevos camperos"),
    (Es, "puedo llevar mi perro"),
    (Es, "se puede pagar con bizum"),
    (Es, "a nombre de quien hago el bizum"),
    (Es, "estais abiertos el lunes festivo"),
    (Es, "cuando llega mi paquete"),
    (Es, "me recomiendas algo para un cumple"),
    (Es, "seria para recoger a las 5"),
    (Es, "es apto para celiacos"),
    (Es, "vale perfecto"),
    (Es, "buen dia"),
    (Es, "precio porfa"),
    (Es, "info"),
    (Pt, "da pra parcelar"),
    (Pt, "qto ta o kg"),
    (Pt, "vcs tem estacionamento"),
    (Pt, "queria encomendar salgados"),
    (Pt, "boa tarde, gostaria de um orçamento"),
    (Pt, "ate q horas"),
    (Pt, "blz valeu"),
    (Pt, "pode trocar?"),
    (Pt, "aceita pix"),
    (Pt, "tao abertos agora"),
    (It, "si puo pagare con carta"),
    (It, "quanto viene al chilo"),
    (It, "vorrei disdire la prenotazione"),
    (It, "fate anche da asporto"),
    (It, "buonasera siete chiusi lunedi"),
    (It, "mi serve una torta per sabato"),
    (Fr, "cest ouvert dimanche"),
    (Fr, "vous prenez les tickets resto"),
    (Fr, "combien coute la tarte"),
    (Fr, "je peux venir avec mon chien"),
    (Fr, "vous faites quoi comme desserts"),
    (Fr, "dispo demain?"),
    (En, "do u do vegan"),
    (En, "cn i cum at 5"),
    (En, "whats ur address"),
    (En, "parking?"),
    (En, "any discount for students"),
    (En, "i lost my keys there"),
    (En, "refund pls"),
    (En, "is it halal"),
    (De, "habt ihr vegane sachen"),
    (De, "kann man bei euch parken"),
    (De, "wie teuer ist die torte"),
    (De, "ist morgen offen"),
    (De, "hund erlaubt?"),
    (De, "bis wann kann ich abholen"),
    (Ca, "quant val el pastis"),
    (Ca, "puc pagar amb targeta"),
    (Ca, "teniu aparcament"),
    (Ca, "obriu diumenge"),
    (Ca, "gracies"),
    (Nl, "kan ik pinnen"),
    (Nl, "wat kost de taart"),
    (Nl, "mag mijn hond mee"),
    (Nl, "zijn er nog plekken vrij"),
    (Pl, "czy mozna placic karta"),
    (Pl, "poprosze tort na sobote"),
    (Pl, "jaki jest adres"),
    (Ro, "pot plati cu cardul"),
    (Ro, "cat e un tort"),
    (Ro, "sunteti deschisi duminica"),
    (Tr, "kart gecerli mi"),
    (Tr, "pazar gunu acik mi"),
    (Tr, "adresiniz nedir"),
    (Id, "bisa bayar pakai kartu"),
    (Id, "masih buka gak"),
    (Id, "ongkirnya berapa"),
    (Vi, "co ship khong shop"),
    (Vi, "gia bao nhieu"),
    (Vi, "thanh toan the duoc khong"),
    (Ru, "можно оплатить картой"),
    (Ru, "какой адрес"),
    (Ru, "доставка есть"),
    (Uk, "можна карткою"),
    (Uk, "яка адреса"),
    (Uk, "доставка є?"),
];

fn finder() -> LanguageFinder {
    LanguageFinder::new(&Prompts::load(None).expect("the embedded texts are sound"))
}

fn wrong(guess: impl Fn(Language, &str) -> Language) -> Vec<String> {
    let wrong = MESSAGES.iter().filter_map(|&(expected, text)| {
        let guessed = guess(expected, text);
        (guessed != expected).then(|| format!("{expected}: {text:?} was taken for {guessed}"))
    });
    wrong.collect()
}

#[test]
fn the_language_of_short_messages_is_found_without_a_conversation() {
    let finder = finder();
    let wrong = wrong(|_, text| finder.language(&[text], None, En).language);
    assert!(wrong.len() * 20 <= MESSAGES.len(), "{} of {}: {wrong:#?}", wrong.len(), MESSAGES.len());
}

#[test]
fn a_customer_who_changes_the_language_is_followed() {
    let finder = finder();
    let wrong = wrong(|expected, text| {
        let before = if expected == En { Es } else { En };
        finder.language(&[text], Some(before), before).language
    });
    assert!(wrong.len() * 20 <= MESSAGES.len(), "{} of {}: {wrong:#?}", wrong.len(), MESSAGES.len());
}

#[test]
fn a_conversation_keeps_its_language() {
    let finder = finder();
    let wrong = wrong(|expected, text| finder.language(&[text], Some(expected), Es).language);
    assert!(wrong.len() * 50 <= MESSAGES.len(), "{} of {}: {wrong:#?}", wrong.len(), MESSAGES.len());
}

#[test]
fn what_shows_no_language_stays_with_the_conversation_and_is_not_sure() {
    let finder = finder();
    for text in [
        "ok",
        "👍",
        "12",
        "Ana Pérez",
        "Müller",
        "no",
        "+34 600 123 456",
        "https://example.com/das-ist",
        "Giovanni",
        "xyz",
        "😂😂",
    ] {
        for conversation in [Es, De, Pt, Ja, Pl] {
            let shown = finder.language(&[text], Some(conversation), En);
            assert_eq!(shown, Shown { language: conversation, sure: false }, "{text}");
        }
        assert!(!finder.language(&[text], None, Fr).sure, "{text}");
    }
}

#[test]
fn the_last_message_that_shows_a_language_counts() {
    let finder = finder();
    let texts = ["hello, are you open?", "¿a qué hora abren mañana?", "ok", "👍"];
    assert_eq!(finder.language(&texts, Some(Fr), En), Shown { language: Es, sure: true });
}

#[test]
fn chinese_characters_in_a_japanese_conversation_are_japanese() {
    let finder = finder();
    assert_eq!(finder.language(&["営業時間"], Some(Ja), En).language, Ja);
    assert_eq!(finder.language(&["营业时间"], None, En).language, Zh);
}
